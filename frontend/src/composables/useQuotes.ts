import { effectScope, onScopeDispose, shallowRef, watch } from 'vue'
import type { EffectScope, Ref } from 'vue'
import { useTopic } from '@topicwire/client/vue'
import type { QuoteData } from '@/clients/ws-types-generated'
import { answered } from '@/plugins/restClient'
import { useFrameBatch } from './frameBatch'
import { useServices } from './services'

export type { QuoteData }

export interface Quotes {
  /** By symbol: by REST at first, live from then on, replaced at most once a frame. */
  readonly quotes: Readonly<Ref<ReadonlyMap<string, QuoteData>>>
  /** The symbols whose quotes have not come for longer than the server promised, though the connection is open. */
  readonly stale: Readonly<Ref<ReadonlySet<string>>>
}

/** The newest quote of each symbol, and which of them may be old. */
export function useQuotes(symbols: () => readonly string[]): Quotes {
  const { ws, rest } = useServices()
  const stale = shallowRef<ReadonlySet<string>>(new Set())
  const quotes = shallowRef<ReadonlyMap<string, QuoteData>>(new Map())
  const batch = useFrameBatch<string, QuoteData>((changed) => {
    quotes.value = new Map([...quotes.value, ...changed])
  })

  /** A quote a symbol, so that leaving one symbol leaves the others alone. */
  function follow(symbol: string): void {
    const topic = useTopic(
      ws.quotes,
      { symbol },
      {
        onUpdate(quote) {
          batch.set(symbol, quote)
        },
      },
    )
    const mark = (isStale: boolean): void => {
      const others = [...stale.value].filter((other) => other !== symbol)
      stale.value = new Set(isStale ? [...others, symbol] : others)
    }
    watch(topic.stale, mark, { flush: 'sync' })
    onScopeDispose(() => {
      mark(false)
    })
  }

  async function first(wanted: readonly string[]): Promise<void> {
    const query = { symbols: wanted.join(',') }
    const answer = await answered(rest.GET('/api/v1/datafeed/quotes', { params: { query } }))
    const held = new Map(quotes.value)
    for (const quote of answer) {
      const known = held.get(quote.symbol)
      if (known === undefined || known.time < quote.time) held.set(quote.symbol, quote)
    }
    quotes.value = held
  }

  const scopes = new Map<string, EffectScope>()
  watch(
    () => [...symbols()],
    (wanted) => {
      for (const [symbol, scope] of scopes) {
        if (wanted.includes(symbol)) continue
        scope.stop()
        scopes.delete(symbol)
      }
      for (const symbol of wanted) {
        if (scopes.has(symbol)) continue
        const scope = effectScope(true)
        scopes.set(symbol, scope)
        scope.run(() => {
          follow(symbol)
        })
      }
      // Live quotes follow anyway: without this answer the list only fills a moment later.
      if (wanted.length > 0) first(wanted).catch(() => undefined)
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    for (const scope of scopes.values()) scope.stop()
  })
  return { quotes, stale }
}
