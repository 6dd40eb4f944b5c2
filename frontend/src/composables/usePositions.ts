import { shallowRef } from 'vue'
import type { Ref } from 'vue'
import type { AccountPosition, PositionSubscriptionRequest } from '@/clients/ws-types-generated'
import { answered } from '@/plugins/restClient'
import { useFrameBatch } from './frameBatch'
import { useServices } from './services'
import { useSubscription } from './useSubscription'

export type { AccountPosition }

/** What the account holds, by symbol: by REST at first, live from then on. A closed position is left out. */
export function usePositions(): Readonly<Ref<ReadonlyMap<string, AccountPosition>>> {
  const { ws, rest } = useServices()
  const positions = shallowRef<ReadonlyMap<string, AccountPosition>>(new Map())
  let held = new Map<string, AccountPosition>()

  function take(position: AccountPosition): void {
    const known = held.get(position.symbol)
    if (known === undefined || known.updated_time <= position.updated_time)
      held.set(position.symbol, position)
  }

  function show(): void {
    positions.value = new Map([...held].filter(([, position]) => Number(position.qty) !== 0))
  }

  const batch = useFrameBatch<'positions', true>(show)

  useSubscription<PositionSubscriptionRequest, AccountPosition>({
    route: ws.positions,
    params: () => ({}),
    begin() {
      // As with orders: what was held may be of a server that is no more.
      held = new Map()
    },
    update(position) {
      take(position)
      batch.set('positions', true)
    },
    async accepted(_, signal) {
      const listed = await answered(rest.GET('/api/v1/broker/positions', { signal }))
      if (signal.aborted) return
      for (const position of listed) take(position)
      show()
    },
  })
  return positions
}
