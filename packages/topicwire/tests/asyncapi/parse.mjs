// Answers each list of documents on stdin with what the official parser says of them: {valid, diagnostics}.
import { Parser } from '@asyncapi/parser'
import { createInterface } from 'node:readline'

const parser = new Parser()
for await (const line of createInterface({ input: process.stdin })) {
  const said = []
  for (const source of JSON.parse(line)) {
    const { document, diagnostics } = await parser.parse(source)
    said.push({ valid: document !== undefined, diagnostics })
  }
  process.stdout.write(`${JSON.stringify(said)}\n`)
}
