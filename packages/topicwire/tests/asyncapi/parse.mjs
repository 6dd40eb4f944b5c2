// Prints what the official parser says of the document on stdin: {valid, diagnostics}.
import { Parser } from '@asyncapi/parser'
import { text } from 'node:stream/consumers'

const { document, diagnostics } = await new Parser().parse(await text(process.stdin))
console.log(JSON.stringify({ valid: document !== undefined, diagnostics }))
