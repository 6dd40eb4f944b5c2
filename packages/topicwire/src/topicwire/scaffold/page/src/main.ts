import { WsAdapter } from '@/plugins/wsAdapter'
import type { Tick } from '@/clients/ws-types-generated'

const wsAdapter = new WsAdapter()
const status = element('status')
const updates = element('updates')

function showStatus(): void {
  status.textContent = wsAdapter.connection.status
}

// Each file in routes/ listens to a route of its own; one that fails keeps nobody else waiting.
for (const listen of Object.values(import.meta.glob('./routes/*.ts'))) void listen()

wsAdapter.connection.on('status', showStatus)
await wsAdapter.ticks.subscribe('page', {}, (tick: Tick) => {
  updates.textContent = `ticks: number ${String(tick.number)} at ${tick.time} ${tick.zone}`
})
showStatus()

function element(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`index.html has no element with the id ${id}`)
  return found
}
