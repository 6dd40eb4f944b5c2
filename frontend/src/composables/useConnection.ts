import { latency } from '@topicwire/client/latency'
import { onScopeDispose, readonly, ref, shallowRef } from 'vue'
import type { ConnectionStatus } from '@topicwire/client'
import type { Ref } from 'vue'
import { useServices } from './services'

/** What the page tells of its socket. */
export interface ConnectionState {
  readonly status: Readonly<Ref<ConnectionStatus>>
  /** Round trip of the last ping, in ms; undefined while unknown or not connected. */
  readonly latencyMs: Readonly<Ref<number | undefined>>
  /** One higher each time the connection has come back: what was missed meanwhile is to be fetched again. */
  readonly recoveries: Readonly<Ref<number>>
}

/** The state of the page's one socket, as refs. */
export function useConnection(): ConnectionState {
  const { ws, clock } = useServices()
  const { connection } = ws
  const status = shallowRef<ConnectionStatus>(connection.status)
  const latencyMs = ref<number>()
  const recoveries = ref(0)
  let lost = status.value === 'reconnecting'
  const off = [
    connection.on('status', (now) => {
      if (now === 'reconnecting') lost = true
      else if (now === 'open' && lost) {
        lost = false
        recoveries.value += 1
      }
      status.value = now
    }),
    latency(
      connection,
      (milliseconds) => {
        latencyMs.value = milliseconds
      },
      { ...(clock && { clock }) },
    ),
  ]
  onScopeDispose(() => {
    for (const stop of off) stop()
  })
  return { status, latencyMs: readonly(latencyMs), recoveries: readonly(recoveries) }
}
