import { TopicwireError } from '@topicwire/client'
import { guarded, type ReceivedFunction } from './received.js'
import { checkOf, type NamedSchema } from './schema.js'

/** Returns what is passed on, perhaps the data itself; throws where the data is not what it should be. */
export type ValidatorFunction = ReceivedFunction

/**
 * By the message's type what its data has to be: `trades.update` for the updates of a route, `orders.preview` for the
 * reply to an operation. A schema, or a function of your own.
 */
export type Validators = Readonly<Record<string, NamedSchema | ValidatorFunction>>

/** The function that passes valid data of a message on; undefined where nothing is to be checked. */
export function functionOf(validators: Validators, type: string): ValidatorFunction | undefined {
  const validator = Object.hasOwn(validators, type) ? validators[type] : undefined
  if (validator === undefined) return undefined
  const check = typeof validator === 'function' ? validator : checking(validator, type)
  return guarded(type, check)
}

function checking(schema: NamedSchema, type: string): ValidatorFunction {
  // Every listener of an update is given the same object: it is checked for the first one.
  let last: unknown
  return (data) => {
    if (data === last && typeof data === 'object' && data !== null) return data
    const details = checkOf(schema)(data)
    if (details.length > 0) {
      const faults = details.map(
        ({ path, message }) => `${String(path ?? '') || 'the data'} ${message ?? ''}`,
      )
      const message = `${type}: the server sent no valid ${schema.name}: ${faults.join('; ')}.`
      throw new TopicwireError('invalid_data', message, { type, details })
    }
    last = data
    return data
  }
}
