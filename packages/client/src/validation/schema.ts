import type { ErrorDetail } from '@topicwire/client'
import { Validator, type OutputUnit, type Schema } from '@cfworker/json-schema'

/** A schema of JSON Schema draft-07. */
export type JsonSchema = boolean | Readonly<Record<string, unknown>>

/** The schema of a type, and those that its references `#/definitions/<name>` name. One for each generated module. */
export interface NamedSchema {
  readonly name: string
  readonly schema: JsonSchema
  /** A function, because types may refer to each other in a circle. */
  readonly uses?: () => readonly NamedSchema[]
}

/** Returns what is wrong with the data; empty where nothing is. */
export type Check = (data: unknown) => readonly ErrorDetail[]

const checks: WeakMap<NamedSchema, Check> = new WeakMap()

/** The check of a schema, compiled when it is first asked for and kept as long as the schema. Evaluates no code. */
export function checkOf(named: NamedSchema): Check {
  let check = checks.get(named)
  if (check === undefined) checks.set(named, (check = compiled(named)))
  return check
}

function compiled(named: NamedSchema): Check {
  const definitions: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const one of reachedFrom(named)) definitions[one.name] = usable(one.schema)
  // The interpreter writes into its schema: it is given a copy.
  const root = { $ref: `#/definitions/${named.name}`, definitions } as Schema
  let validator: Validator | undefined
  return (data) => {
    validator ??= new Validator(root, '7')
    const { valid, errors } = validator.validate(data)
    return valid ? [] : innermost(errors).map(detailOf)
  }
}

function reachedFrom(named: NamedSchema): ReadonlySet<NamedSchema> {
  const reached = new Set([named])
  // A set that grows while it is read is read to its end.
  for (const one of reached) for (const used of one.uses?.() ?? []) reached.add(used)
  return reached
}

/** A copy without the patterns that are not ECMAScript's: the server's are Python's, and it has checked them. */
function usable(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(usable)
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, value]: [string, unknown]) => {
      if (key === 'pattern' && typeof value === 'string' && !isPattern(value)) return []
      if (key === 'const' || key === 'enum') return [[key, value]]
      return [[key, usable(value)]]
    }),
  )
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp
  } catch {
    return false
  }
}

/** Of errors that only say that one within them failed, that one. */
function innermost(errors: readonly OutputUnit[]): readonly OutputUnit[] {
  return errors.filter(
    ({ keywordLocation }) => !errors.some((other) => other.keywordLocation.startsWith(`${keywordLocation}/`)),
  )
}

/** Never the value itself, which an error's own words may quote. */
function detailOf({ instanceLocation, keyword }: OutputUnit): ErrorDetail {
  const path = instanceLocation
    .split('/')
    .slice(1)
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.')
  return { path, kind: keyword, message: `does not keep the schema's '${keyword}'` }
}
