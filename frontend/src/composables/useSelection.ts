import { shallowRef, watch } from 'vue'
import type { Ref } from 'vue'
import type { Resolution } from './useBars'

const RESOLUTIONS: readonly Resolution[] = ['1', '5', '15', '60', '1D']

/** Which chart is shown, kept in the address so that it can be reloaded and shared. */
export function useSelection(): { symbol: Ref<string | undefined>; resolution: Ref<Resolution> } {
  const query = new URLSearchParams(location.search)
  const symbol = shallowRef(query.get('symbol') ?? undefined)
  const resolution = shallowRef<Resolution>(
    RESOLUTIONS.find((known) => known === query.get('resolution')) ?? '1',
  )
  watch([symbol, resolution], () => {
    const next = new URLSearchParams(location.search)
    if (symbol.value !== undefined) next.set('symbol', symbol.value)
    next.set('resolution', resolution.value)
    history.replaceState(history.state, '', `?${next.toString()}`)
  })
  return { symbol, resolution }
}
