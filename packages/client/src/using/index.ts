/// <reference lib="esnext.disposable" preserve="true" />
/**
 * `@topicwire/client/using`: subscriptions that end with their block. An entry of its own, because its types need
 * TypeScript's `lib` `esnext.disposable`, and a runtime that has `Symbol.asyncDispose`.
 */
import type { Accepted, SubscribeOptions, Subscriptions, UpdateListener } from '@topicwire/client'

/** An accepted subscription. */
export interface Subscription extends Accepted, AsyncDisposable {}

let subscriptions = 0

/**
 * Subscribes until the block is left:
 *
 *     await using tape = await subscription(ws.trades, { symbols: ['AAPL'] }, draw)
 *
 * It needs no listener id. Rejects as `subscribe` does. Leaving the block waits as `unsubscribe` does, and never fails.
 */
export async function subscription<Request, Data>(
  route: Subscriptions<Request, Data>,
  params: NoInfer<Request>,
  callback: UpdateListener<Data>,
  options?: SubscribeOptions,
): Promise<Subscription> {
  const listenerId = `using ${++subscriptions}`
  const { topics } = await route.subscribe(listenerId, params, callback, options)
  return { topics, [Symbol.asyncDispose]: () => route.unsubscribe(listenerId) }
}
