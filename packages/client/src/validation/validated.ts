import type { Validate } from '@topicwire/client'
import { received } from './received.js'
import { functionOf, type Validators } from './validators.js'

/**
 * The client's option `validate`, of validators that the generator wrote:
 *
 *     new WsAdapter({ validate: validated({ ...trades, ...orders }) })
 *
 * Data that is not valid is given to nobody. The listener that it was for has ended, and its `onError` is told (without
 * one, `connection.on('error')`); a stream ends with the error; a call is rejected. It is a `TopicwireError` of code
 * `invalid_data`, whose `details` say what is wrong where. Other listeners, topics and routes go on.
 */
export function validated(validators: Validators): Validate {
  return received((type) => functionOf(validators, type))
}
