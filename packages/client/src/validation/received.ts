import type {
  Connection,
  ConnectionEvents,
  SubscribeOptions,
  Subscriptions,
  UpdateInfo,
  UpdateListener,
  Validate,
} from '@topicwire/client'
import { TopicwireError } from '@topicwire/client'

/** Returns what is passed on, perhaps the data itself; throws where the data is not what it should be. */
export type ReceivedFunction = (data: unknown) => unknown

/** The function for a message, `trades.update` or `orders.preview`; undefined where the data is passed on as it is. */
export type ReceivedFunctions = (type: string) => ReceivedFunction | undefined

/** Where faults go that nobody took. */
const page = globalThis as unknown as {
  readonly reportError?: (error: unknown) => void
  readonly console: { error(error: unknown): void }
}

type Members = Record<string, unknown>
type Call = (...parameters: unknown[]) => Promise<unknown>
type ErrorHandler = (error: TopicwireError) => void

/**
 * A client whose data goes through functions before anybody is given it. Data that one of them does not take ends the
 * listener, the stream or the call that it was for, with a `TopicwireError`, and nothing else.
 */
export function received(functions: ReceivedFunctions): Validate {
  return (client) => {
    const { connection, ...routes } = client as { connection: Connection } & Members
    const own = new CheckedConnection(connection)
    const checked: Members = { connection: own.connection }
    for (const [route, members] of Object.entries(routes))
      checked[route] = checkedRoute(route, members as Members, functions, own)
    // Every member has the type of the one that it stands for.
    return checked as typeof client
  }
}

/** The same function, whose errors are `TopicwireError`s. */
export function guarded(type: string, check: ReceivedFunction): ReceivedFunction {
  return (data) => {
    try {
      return check(data)
    } catch (cause) {
      if (cause instanceof TopicwireError) throw cause
      throw new TopicwireError('invalid_data', `${type}: ${String(cause)}`, { type, cause })
    }
  }
}

/** A connection whose `error` event also tells what this client has found. */
class CheckedConnection {
  readonly connection: Connection
  readonly #handlers: Set<ErrorHandler> = new Set()

  constructor(of: Connection) {
    const on = <Event extends keyof ConnectionEvents>(
      event: Event,
      handler: (value: ConnectionEvents[Event]) => void,
    ): (() => void) => {
      const off = of.on(event, handler)
      if (event !== 'error') return off
      const own: ErrorHandler = (error) => {
        // The event is `error`, so its values are errors.
        handler(error as ConnectionEvents[Event])
      }
      this.#handlers.add(own)
      return () => {
        off()
        this.#handlers.delete(own)
      }
    }
    this.connection = {
      get status() {
        return of.status
      },
      on,
      call: (type, request) => of.call(type, request),
      close: () => {
        of.close()
      },
    }
  }

  report(error: TopicwireError): void {
    for (const handler of [...this.#handlers]) handler(error)
    if (this.#handlers.size > 0) return
    if (page.reportError === undefined) page.console.error(error)
    else page.reportError(error)
  }
}

function checkedRoute(
  route: string,
  members: Members,
  functions: ReceivedFunctions,
  own: CheckedConnection,
): Members {
  const checked: Members = {}
  for (const [name, member] of Object.entries(members)) {
    const check = functions(`${route}.${name}`)
    const call = member as Call
    checked[name] =
      check === undefined ? member : (...parameters: unknown[]) => call(...parameters).then(check)
  }
  const check = functions(`${route}.update`)
  if (check === undefined) return checked
  return {
    ...checked,
    ...checkedSubscriptions(members as Subscriptions<unknown, unknown> & Members, check, own),
  }
}

function checkedSubscriptions(
  route: Subscriptions<unknown, unknown>,
  check: ReceivedFunction,
  own: CheckedConnection,
): Pick<Subscriptions<unknown, unknown>, 'subscribe'> {
  return {
    subscribe: (listenerId, params, callback, options: SubscribeOptions = {}) => {
      let over = false
      const listener: UpdateListener<unknown> = (data, info) => {
        if (over) return
        let valid: unknown
        try {
          valid = check(data)
        } catch (error) {
          over = true
          // As long as it is called, the id is its own.
          void route.unsubscribe(listenerId)
          const fault = at(error as TopicwireError, info)
          if (options.onError === undefined) own.report(fault)
          else options.onError(fault)
          return
        }
        callback(valid, info)
      }
      return route.subscribe(listenerId, params, listener, options)
    },
  }
}

/** The same fault, with the topic of the update. */
function at(error: TopicwireError, { topic }: UpdateInfo): TopicwireError {
  if (error.topic !== undefined) return error
  const { code, message, type, details, cause } = error
  return new TopicwireError(code, message, { type, topic, details, cause })
}
