import { WsAdapter } from '@/plugins/wsAdapter'
import type { Tick } from '@/clients/ws-types-generated'

const wsAdapter = new WsAdapter()
const status = element('status')
const updates = element('updates')

wsAdapter.connection.on('status', (state) => {
  status.textContent = state
})

await wsAdapter.ticks.subscribe('page', {}, (tick: Tick) => {
  updates.textContent = `ticks: number ${String(tick.number)} at ${tick.time} ${tick.zone}`
})

// Each file in routes/ listens to a route of its own.
import.meta.glob('./routes/*.ts', { eager: true })

function element(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`index.html has no element with the id ${id}`)
  return found
}
