import { onScopeDispose, readonly, shallowRef } from 'vue'
import type { Ref } from 'vue'
import type { Schemas } from '@/clients/openapi-generated'
import { answered } from '@/plugins/restClient'
import { useServices } from './services'

export type DatafeedConfig = Schemas['DatafeedConfig']
export type SymbolInfo = Schemas['SymbolInfo']

/** What may be traded, and what the market is. */
export interface Market {
  readonly config: DatafeedConfig
  readonly symbols: readonly SymbolInfo[]
}

/** The server may start after the page: the next attempt comes after so many ms. */
const RETRY_MS = 1500

/** The market's own description, asked for until the server has answered. */
export function useMarket(): {
  readonly market: Readonly<Ref<Market | undefined>>
  /** Why there is none yet. */
  readonly problem: Readonly<Ref<string | undefined>>
} {
  const { rest } = useServices()
  const market = shallowRef<Market>()
  const problem = shallowRef<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let ended = false

  async function load(): Promise<void> {
    try {
      const config = await answered(rest.GET('/api/v1/datafeed/config'))
      const infos = config.symbols.map((symbol) =>
        answered(rest.GET('/api/v1/datafeed/symbols/{symbol}', { params: { path: { symbol } } })),
      )
      market.value = { config, symbols: await Promise.all(infos) }
      problem.value = undefined
    } catch (cause) {
      if (ended) return
      problem.value = cause instanceof Error ? cause.message : String(cause)
      timer = setTimeout(() => void load(), RETRY_MS)
    }
  }

  void load()
  onScopeDispose(() => {
    ended = true
    clearTimeout(timer)
  })
  return { market: readonly(market) as Readonly<Ref<Market | undefined>>, problem: readonly(problem) }
}
