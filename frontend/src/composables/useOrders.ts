import { readonly, shallowRef } from 'vue'
import type { Ref } from 'vue'
import type { Schemas } from '@/clients/openapi-generated'
import type { Order, OrderSubscriptionRequest } from '@/clients/ws-types-generated'
import { answered } from '@/plugins/restClient'
import { useFrameBatch } from './frameBatch'
import { useServices } from './services'
import { useSubscription } from './useSubscription'
import type { SubscriptionHandle } from './useSubscription'

export type { Order }
export type PlaceOrder = Schemas['PlaceOrder']

export interface Orders extends SubscriptionHandle {
  /** Newest first. */
  readonly orders: Readonly<Ref<readonly Order[]>>
  /** Whether the server has listed them: until then an empty list means nothing. */
  readonly known: Readonly<Ref<boolean>>
  /** @throws RestError - refused, with the server's reason, or not reachable */
  readonly place: (order: PlaceOrder) => Promise<Order>
  /** @throws RestError - refused, with the server's reason, or not reachable */
  readonly cancel: (id: string) => Promise<void>
}

/** The orders of an account: listed by REST, kept current by the subscription, of each its highest version. */
export function useOrders(): Orders {
  const { ws, rest } = useServices()
  const orders = shallowRef<readonly Order[]>([])
  const known = shallowRef(false)
  let held = new Map<string, Order>()

  function take(order: Order): void {
    const before = held.get(order.id)
    if (before === undefined || before.version <= order.version) held.set(order.id, order)
  }

  function show(): void {
    orders.value = [...held.values()].sort((a, b) => b.placed_time - a.placed_time || compareIds(b.id, a.id))
  }

  const batch = useFrameBatch<'orders', true>(show)

  const subscription = useSubscription<OrderSubscriptionRequest, Order>({
    route: ws.orders,
    params: () => ({}),
    begin() {
      // The list tells what is; what was held may be of a server that is no more.
      held = new Map()
    },
    update(order) {
      take(order)
      batch.set('orders', true)
    },
    async accepted(_, signal) {
      const listed = await answered(rest.GET('/api/v1/broker/orders', { signal }))
      if (signal.aborted) return
      for (const order of listed) take(order)
      known.value = true
      show()
    },
  })

  return {
    ...subscription,
    orders,
    known: readonly(known),
    async place(order) {
      const placed = await answered(rest.POST('/api/v1/broker/orders', { body: order }))
      take(placed)
      show()
      return placed
    },
    async cancel(id) {
      const path = { order_id: id }
      take(await answered(rest.DELETE('/api/v1/broker/orders/{order_id}', { params: { path } })))
      show()
    },
  }
}

function compareIds(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
