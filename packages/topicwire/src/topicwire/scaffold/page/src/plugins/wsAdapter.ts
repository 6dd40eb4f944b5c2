import { defineAdapter } from '@topicwire/client'
import type { Client } from '@topicwire/client'
import { routeNames } from '@/clients/ws-client-generated'
import type { Routes } from '@/clients/ws-client-generated'

/** The WebSocket interface: a property for each route of the application, `connection` beside them. */
export const WsAdapter = defineAdapter<Routes>(routeNames, { url: '/api/v1/ws' })

export type WsAdapter = Client<Routes>
