import { effectScope, onScopeDispose, shallowRef, watch } from 'vue'
import type { EffectScope, Ref } from 'vue'
import type { QuoteData, QuoteDataSubscriptionRequest } from '@/clients/ws-types-generated'
import { answered } from '@/plugins/restClient'
import { useFrameBatch } from './frameBatch'
import { useServices } from './services'
import { useConnection } from './useConnection'
import { useSubscription } from './useSubscription'

export type { QuoteData }

/** The newest quote of each symbol: by REST at first, live from then on, replaced at most once a frame. */
export function useQuotes(symbols: () => readonly string[]): Readonly<Ref<ReadonlyMap<string, QuoteData>>> {
  const { ws, rest } = useServices()
  const connection = useConnection()
  const quotes = shallowRef<ReadonlyMap<string, QuoteData>>(new Map())
  const batch = useFrameBatch<string, QuoteData>((changed) => {
    quotes.value = new Map([...quotes.value, ...changed])
  })

  /** A quote a symbol, so that leaving one symbol leaves the others alone. */
  function follow(symbol: string): void {
    useSubscription<QuoteDataSubscriptionRequest, QuoteData>(
      {
        route: ws.quotes,
        params: () => ({ symbol }),
        update(quote) {
          batch.set(symbol, quote)
        },
      },
      connection,
    )
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
  return quotes
}
