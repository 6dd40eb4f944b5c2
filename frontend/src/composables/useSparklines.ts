import { onScopeDispose, shallowRef, watch } from 'vue'
import type { Ref } from 'vue'
import { answered } from '@/plugins/restClient'
import { useServices } from './services'
import { useConnection } from './useConnection'

/** A day in quarters of an hour. */
const RESOLUTION = '15'
const BARS = 96
const BAR_S = 900

/** The closes of the last day by symbol, asked for once a bar: a shape, not a number to read off. */
export function useSparklines(
  symbols: () => readonly string[],
): Readonly<Ref<ReadonlyMap<string, readonly number[]>>> {
  const { rest } = useServices()
  const { recoveries } = useConnection()
  const closes = shallowRef<ReadonlyMap<string, readonly number[]>>(new Map())

  async function load(symbol: string): Promise<void> {
    const to = Math.floor(Date.now() / 1000)
    const query = { symbol, resolution: RESOLUTION, from: to - BARS * BAR_S, to, countback: BARS } as const
    const answer = await answered(rest.GET('/api/v1/datafeed/history', { params: { query } }))
    const values = answer.bars.map((bar) => bar.close)
    closes.value = new Map(closes.value).set(symbol, values)
  }

  function loadAll(): void {
    // Without it a row simply has no line.
    for (const symbol of symbols()) load(symbol).catch(() => undefined)
  }

  watch([() => symbols().join(), recoveries], loadAll, { immediate: true })
  const timer = setInterval(loadAll, BAR_S * 1000)
  onScopeDispose(() => {
    clearInterval(timer)
  })
  return closes
}
