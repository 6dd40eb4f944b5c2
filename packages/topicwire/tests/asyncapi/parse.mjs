// Prints what the official parser says of each document of the list on stdin: {valid, diagnostics}.
import { Parser } from '@asyncapi/parser'
import { text } from 'node:stream/consumers'

const parser = new Parser()
const said = []
for (const source of JSON.parse(await text(process.stdin))) {
  const { document, diagnostics } = await parser.parse(source)
  said.push({ valid: document !== undefined, diagnostics })
}
console.log(JSON.stringify(said))
