/** How one format is held in memory: both ways between what travels and what you work with. */
export interface Scalar<Value, Wire> {
  readonly decode: (wire: Wire) => Value
  readonly encode: (value: Value) => Wire
}

/** Any `Scalar`: what its functions take is known where it was written. */
interface AnyScalar {
  readonly decode: (wire: never) => unknown
  readonly encode: (value: never) => unknown
}

/** Where in a type scalars stand: plain data, made by the generator. What it does not name stays as it is. */
export type Codec =
  | AnyScalar
  | { readonly list: Codec }
  | { readonly items: readonly (Codec | null)[]; readonly rest?: Codec }
  | { readonly record: Codec }
  | ObjectCodec
  | TaggedCodec
  | UnionCodec
  /** A function, because types may refer to each other in a circle. */
  | { readonly named: () => Codec }

interface ObjectCodec {
  /** By property; `null` for one that stays as it is, where there are `others`. */
  readonly fields: Readonly<Record<string, Codec | null>>
  readonly others?: Codec
}

/** Objects that a property tells apart. */
interface TaggedCodec {
  readonly tag: string
  readonly cases: readonly (readonly [value: unknown, codec: Codec])[]
}

/** Values that what they are made of tells apart. */
interface UnionCodec {
  readonly either: {
    readonly scalar?: AnyScalar
    /** As what the scalar travels. */
    readonly wire?: Kind
    readonly list?: Codec
    readonly object?: Codec
    /** What stays as it is: constants, and every value of a kind. */
    readonly values?: readonly unknown[]
    readonly kinds?: readonly Kind[]
  }
}

type Kind = 'string' | 'number' | 'boolean' | 'null' | 'list' | 'object'
type Members = Record<string, unknown>
type Direction = 'decode' | 'encode'

/** What was received, as it is worked with. The data is not changed; where nothing is converted it is passed on. */
export function decoded(codec: Codec, wire: unknown): unknown {
  return converted(codec, wire, 'decode')
}

/** What is worked with, as it is sent. The value is not changed. */
export function encoded(codec: Codec, value: unknown): unknown {
  return converted(codec, value, 'encode')
}

function converted(codec: Codec | null | undefined, value: unknown, direction: Direction): unknown {
  // An optional member that is given as undefined is not sent.
  if (!codec || value === undefined) return value
  if ('decode' in codec) return codec[direction](value as never)
  if ('named' in codec) return converted(codec.named(), value, direction)
  if ('either' in codec) return converted(chosen(codec, value, direction), value, direction)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    if ('list' in codec) return value.map((item) => converted(codec.list, item, direction))
    if (!('items' in codec)) return value
    const { items, rest } = codec
    return value.map((item, at) => converted(at < items.length ? items[at] : rest, item, direction))
  }
  if ('record' in codec) return ofMembers(value, () => codec.record, direction)
  if ('fields' in codec) {
    const { fields, others } = codec
    return ofMembers(value, (key) => (Object.hasOwn(fields, key) ? fields[key] : others), direction)
  }
  if (!('tag' in codec)) return value
  const tag = (value as Members)[codec.tag]
  return converted(codec.cases.find(([constant]) => constant === tag)?.[1], value, direction)
}

function ofMembers(
  value: object,
  codecOf: (key: string) => Codec | null | undefined,
  direction: Direction,
): Members {
  // By entries, so that `__proto__` is a member like any other.
  return Object.fromEntries(
    Object.entries(value).map(([key, member]: [string, unknown]) => [
      key,
      converted(codecOf(key), member, direction),
    ]),
  )
}

function chosen({ either }: UnionCodec, value: unknown, direction: Direction): Codec | undefined {
  const { scalar, list, object, values, kinds } = either
  const kind = kindOf(value)
  if (values?.includes(value)) return undefined
  if (kind === 'list' && list) return list
  if (direction === 'decode') return kind === either.wire ? scalar : kind === 'object' ? object : undefined
  // What a scalar is held in may be anything, but none of what else may be sent.
  if (kind === 'null' || (kind && kinds?.includes(kind))) return undefined
  return (kind === 'object' && object) || scalar || object
}

/** What a value is in JSON; undefined for what JSON does not have, such as a `Date` or a bigint. */
function kindOf(value: unknown): Kind | undefined {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'object') {
    const prototype: unknown = Object.getPrototypeOf(value)
    return prototype === Object.prototype || prototype === null ? 'object' : undefined
  }
  const kind = typeof value
  return kind === 'string' || kind === 'number' || kind === 'boolean' ? kind : undefined
}
