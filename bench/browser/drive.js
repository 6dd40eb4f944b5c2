/**
 * Drives Chromium: a window of measuring for each line of JSON on standard input, what was seen as a line on standard output.
 * `node drive.js PORT PREBUILT`. A window is a page of its own, with a renderer process of its own.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { launch } from './chromium.js'

const [port, prebuilt] = process.argv.slice(2)
const address = `http://127.0.0.1:${port}`
const SOCKETS = { hub: `ws://127.0.0.1:${port}/ws`, prebuilt: `ws://127.0.0.1:${prebuilt}/ws` }
const browser = await launch()

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const server = async (path) => (await fetch(address + path)).json()

/** The CPU time that each renderer has used, in ms, by process: its main thread, and all of it. */
async function renderers() {
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo')
  const used = new Map()
  for (const { type, id } of processInfo) {
    if (type !== 'renderer') continue
    try {
      const threads = readdirSync(`/proc/${id}/task`).map((thread) => [thread, ranMs(id, thread)])
      used.set(id, { main: ranMs(id, id), all: threads.reduce((sum, [, ms]) => sum + ms, 0) })
    } catch {
      // That of an earlier window has just ended.
    }
  }
  return used
}

const ranMs = (process, thread) =>
  Number(readFileSync(`/proc/${process}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6

/** What the busiest used in between: only this page's has anything to do. */
function cpuMs(before, after, part) {
  return Math.max(...[...after].map(([id, ms]) => ms[part] - (before.get(id) ?? ms)[part]))
}

async function read(page) {
  const { metrics } = await page.send('Performance.getMetrics')
  const known = Object.fromEntries(metrics.map(({ name, value }) => [name, value]))
  const seen = await page.evaluate('bench.read()')
  const { Timestamp, TaskDuration, ScriptDuration } = known
  return { ...seen, Timestamp, TaskDuration, ScriptDuration, renderers: await renderers() }
}

/** Bytes of the heap that are in use, after a collection. */
async function heap(page) {
  await page.send('HeapProfiler.collectGarbage')
  return (await page.send('Runtime.getHeapUsage')).usedSize
}

/** The first of the topics that nobody has had before: only of those do the hub's numbers begin with one. */
let next = 0

async function measure({ way, sender, topics, per_tick, per_s, warm_s, window_s, profile }) {
  const first = next
  next += topics
  const page = await browser.open(address)
  await page.send('Performance.enable')
  await page.evaluate(`bench.begin(...${JSON.stringify([way, SOCKETS[sender], first, topics])})`)
  const flows = way !== 'nothing comes'
  if (flows)
    await server(`/flow?sender=${sender}&first=${first}&topics=${topics}&per_tick=${per_tick}&per_s=${per_s}`)
  await pause(warm_s * 1_000)
  const heapBefore = await heap(page)
  if (profile) {
    await page.send('Profiler.enable')
    await page.send('Profiler.start')
  }
  const before = await read(page)
  await pause(window_s * 1_000)
  const after = await read(page)
  const profiled = profile ? (await page.send('Profiler.stop')).profile : undefined
  const heapAfter = await heap(page)
  const { published } = flows ? await server(`/stop?sender=${sender}`) : { published: 0 }
  // What was under way arrives; a page that has all of it need not wait.
  let last = await read(page)
  for (let times = 0; times < 100 && last.arrived < published; times += 1) {
    await pause(100)
    last = await read(page)
  }
  await page.close()
  const wallS = after.Timestamp - before.Timestamp
  return {
    busy: (after.TaskDuration - before.TaskDuration) / wallS,
    script: (after.ScriptDuration - before.ScriptDuration) / wallS,
    cpu: cpuMs(before.renderers, after.renderers, 'main') / (after.now - before.now),
    cpu_of_page: cpuMs(before.renderers, after.renderers, 'all') / (after.now - before.now),
    arrived_per_s: ((after.arrived - before.arrived) / (after.now - before.now)) * 1_000,
    calls_per_s: ((after.calls - before.calls) / (after.now - before.now)) * 1_000,
    frames_per_s: ((after.frames - before.frames) / (after.now - before.now)) * 1_000,
    longest_frame_ms: after.longestFrameMs,
    longest_task_ms: after.longestTaskMs,
    heap_growth_bytes: heapAfter - heapBefore,
    published,
    arrived: last.arrived,
    wrong: last.wrong,
    ...(profiled && { profile: profiled }),
  }
}

process.stdout.write(`${JSON.stringify({ chromium: browser.version })}\n`)
for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await measure(JSON.parse(line)))}\n`)
await browser.close()
