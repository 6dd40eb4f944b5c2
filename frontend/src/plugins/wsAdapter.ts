import { defineAdapter } from '@topicwire/client'
import type { Client } from '@topicwire/client'
import { routeNames } from '@/clients/ws-client-generated'
import type { Routes } from '@/clients/ws-client-generated'

/**
 * The WebSocket interface: a property for each route of the document, `connection` beside them.
 *
 * Routes come from the generated map, so a new one needs no edit here. Constructing does nothing yet: the socket
 * opens on first use, and all adapters of the page share it.
 */
export const WsAdapter = defineAdapter<Routes>(routeNames, { url: '/api/v1/ws' })

export type WsAdapter = Client<Routes>
