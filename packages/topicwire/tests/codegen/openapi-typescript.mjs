// Reads an OpenAPI document on stdin; prints {source}: what openapi-typescript makes of it.
import openapiTS, { astToString } from 'openapi-typescript'
import { text } from 'node:stream/consumers'

const document = JSON.parse(await text(process.stdin))
const source = astToString(await openapiTS(document, { defaultNonNullable: false }))
console.log(JSON.stringify({ source }))
