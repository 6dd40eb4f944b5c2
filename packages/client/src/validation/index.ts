/**
 * `@topicwire/client/validation`: checks what the server sends against the document's schemas, before anybody has it.
 * It needs the package `@cfworker/json-schema`, which interprets schemas and so runs under any content security policy.
 */
export { validated } from './validated.js'
export type { JsonSchema, NamedSchema } from './schema.js'
export type { Validators, ValidatorFunction } from './validators.js'
