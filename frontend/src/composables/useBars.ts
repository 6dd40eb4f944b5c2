import { computed, readonly, shallowRef } from 'vue'
import type { Ref } from 'vue'
import type { Bar, BarsSubscriptionRequest } from '@/clients/ws-types-generated'
import { answered } from '@/plugins/restClient'
import { BarSeries } from './barSeries'
import { useServices } from './services'
import { useFrameBatch } from './frameBatch'
import { useSubscription } from './useSubscription'
import type { SubscriptionHandle } from './useSubscription'

export type { Bar }
export type Resolution = NonNullable<BarsSubscriptionRequest['resolution']>

/** Bars asked for at once: a wide chart's screenful and a little past. */
const PAGE = 500

const RESOLUTION_S: Record<Resolution, number> = { '1': 60, '5': 300, '15': 900, '60': 3600, '1D': 86_400 }

export interface LiveBars extends SubscriptionHandle {
  /** Ascending, without gap or double; replaced as a whole, at most once a frame. Empty while another symbol loads. */
  readonly bars: Readonly<Ref<readonly Bar[]>>
  /** Which symbol and resolution `bars` are of. */
  readonly key: Readonly<Ref<string>>
  readonly loadingOlder: Readonly<Ref<boolean>>
  /** Puts an older page in front; does nothing while one is on its way or when there is no more. */
  readonly loadOlder: () => Promise<void>
}

/** The bars of a symbol: history, then live, joined; recovered by itself after a lost connection. */
export function useBars(symbol: () => string, resolution: () => Resolution): LiveBars {
  const { ws, rest } = useServices()
  const bars = shallowRef<readonly Bar[]>([])
  const key = shallowRef('')
  const loadingOlder = shallowRef(false)
  let series = new BarSeries<Bar>()
  let exhausted = false

  const batch = useFrameBatch<string, readonly Bar[]>(() => {
    bars.value = series.bars
  })

  async function page(
    request: BarsSubscriptionRequest,
    from: number,
    to: number,
    signal?: AbortSignal,
  ): Promise<{ bars: Bar[]; no_data: boolean; next_time?: number | null }> {
    const query = {
      symbol: request.symbol,
      resolution: request.resolution ?? '1',
      from,
      to,
      countback: PAGE,
    }
    return answered(
      rest.GET('/api/v1/datafeed/history', {
        params: { query },
        ...(signal === undefined ? {} : { signal }),
      }),
    )
  }

  const subscription = useSubscription<BarsSubscriptionRequest, Bar>({
    route: ws.bars,
    params: () => ({ symbol: symbol(), resolution: resolution() }),
    begin(request, recovering) {
      if (!recovering) {
        batch.clear()
        series = new BarSeries<Bar>()
        exhausted = false
        key.value = `${request.symbol} ${request.resolution ?? '1'}`
        bars.value = []
      }
      series.begin()
    },
    update(bar) {
      if (series.live([bar])) batch.set('bars', series.bars)
    },
    async accepted(request, signal) {
      const joined = series
      const width = RESOLUTION_S[request.resolution ?? '1']
      const now = Math.floor(Date.now() / 1000)
      const answer = await page(request, now - PAGE * width, now + width, signal)
      if (signal.aborted) return
      joined.join(answer.bars)
      batch.clear()
      bars.value = joined.bars
    },
  })

  async function loadOlder(): Promise<void> {
    const first = series.bars[0]
    if (first === undefined || loadingOlder.value || exhausted) return
    const target = series
    loadingOlder.value = true
    try {
      const width = RESOLUTION_S[resolution()]
      const to = Math.floor(first.time / 1000)
      const request = { symbol: symbol(), resolution: resolution() }
      let answer = await page(request, to - PAGE * width, to)
      if (answer.no_data && answer.next_time !== undefined && answer.next_time !== null) {
        // Nothing in that span, but there is more before it.
        answer = await page(request, answer.next_time - PAGE * width, answer.next_time + width)
      }
      if (target !== series) return
      if (target.older(answer.bars) === 0) exhausted = true
      else bars.value = target.bars
    } catch {
      // The chart stays as it is; scrolling on asks again.
    } finally {
      loadingOlder.value = false
    }
  }

  return {
    ...subscription,
    bars: computed(() => bars.value),
    key: readonly(key),
    loadingOlder: readonly(loadingOlder),
    loadOlder,
  }
}
