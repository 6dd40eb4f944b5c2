/** What the types of the optional entries allow and refuse, as in `usage.ts`. */
import type { ShallowRef } from 'vue'
import {
  createClient,
  type Operation,
  type Route,
  type TopicwireError,
  type UpdateInfo,
} from '@topicwire/client'
import { batched, conflated } from '@topicwire/client/animation-frame'
import { useTopic as useTopicInReact } from '@topicwire/client/react'
import { subscription } from '@topicwire/client/using'
import { validated, type NamedSchema } from '@topicwire/client/validation'
import { useTopic, type TopicStatus } from '@topicwire/client/vue'

interface Quote {
  bid: number
}

interface Routes {
  quotes: Route<{ symbol: string; depth?: number }, Quote, 'latest'>
  calls: Route<never, never, 'lossless', { add: Operation<number[], number> }>
}

/** Equal to the letter: neither side may be `any`. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const isTrue = <T extends true>(..._of: unknown[]): T | undefined => undefined

const schema: NamedSchema = { name: 'Quote', schema: { type: 'object' } }
const ws = createClient<Routes>(['quotes', 'calls', 'calls.add'], {
  url: 'ws://x',
  validate: validated({ 'quotes.update': schema, 'calls.add': (reply) => reply }),
})

export function inVue(symbol: string | undefined): void {
  const topic = useTopic(ws.quotes, () => (symbol === undefined ? undefined : { symbol }), {
    onUpdate(quote, info) {
      isTrue<Equal<typeof quote, Quote>>(quote)
      isTrue<Equal<typeof info, UpdateInfo>>(info)
    },
  })
  isTrue<Equal<typeof topic.data, Readonly<ShallowRef<Quote | undefined>>>>()
  isTrue<Equal<typeof topic.status, Readonly<ShallowRef<TopicStatus>>>>()
  isTrue<Equal<typeof topic.error, Readonly<ShallowRef<TopicwireError | undefined>>>>()
  const batches = useTopic(batched(ws.quotes), { symbol: 'AAPL' })
  isTrue<Equal<typeof batches.data, Readonly<ShallowRef<readonly Quote[] | undefined>>>>(batches.data)
  // @ts-expect-error: what a subscription says is not for others to change
  topic.data.value = undefined
  // @ts-expect-error: a required parameter is missing
  useTopic(ws.quotes, { depth: 1 })
  // @ts-expect-error: of the wrong type
  useTopic(ws.quotes, () => ({ symbol: 1 }))
  // @ts-expect-error: there is nothing to subscribe to
  useTopic(ws.calls, { symbol: 'AAPL' })
}

export function Component(symbol: string | undefined): number | undefined {
  const topic = useTopicInReact(ws.quotes, symbol === undefined ? undefined : { symbol })
  isTrue<Equal<typeof topic.data, Quote | undefined>>()
  isTrue<Equal<typeof topic.retry, () => void>>()
  const conflatedTopic = useTopicInReact(conflated(ws.quotes), { symbol: 'AAPL' })
  isTrue<Equal<typeof conflatedTopic.data, Quote | undefined>>(conflatedTopic.data)
  // @ts-expect-error: one that the request does not have
  useTopicInReact(ws.quotes, { symbol: 'AAPL', name: 'Apple' })
  // @ts-expect-error: the callback wants another payload
  useTopicInReact(ws.quotes, { symbol: 'AAPL' }, { onUpdate: (order: { id: string }) => order })
  return topic.data?.bid
}

export async function block(): Promise<void> {
  await using quotes = await subscription(ws.quotes, { symbol: 'AAPL' }, ({ bid }) => bid.toFixed(2))
  isTrue<Equal<typeof quotes.topics, readonly string[]>>(quotes.topics)
  // @ts-expect-error: of the wrong type
  await subscription(ws.quotes, { symbol: 1 }, () => undefined)
}
// @ts-expect-error: a validator is a schema or a function
validated({ 'quotes.update': 'Quote' })
