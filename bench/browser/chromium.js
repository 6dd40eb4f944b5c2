/**
 * Chromium, by a pipe of the DevTools protocol, of which nothing is enabled that is not asked for. Playwright has the network
 * told: then every frame of a socket is written as JSON in the page's main thread, sent to another process and read there, which
 * took more than the page itself.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const program = process.env.CHROMIUM ?? ['/usr/bin/chromium'].find((path) => existsSync(path))
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-extensions',
  '--no-first-run',
  '--no-default-browser-check',
  // No page of these is ever hidden.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

/** Starts it, with a profile of its own that goes with it. */
export async function launch() {
  const profile = mkdtempSync(join(tmpdir(), 'topicwire-chromium-'))
  const child = spawn(
    program ?? chromium.executablePath(),
    [...FLAGS, '--remote-debugging-pipe', `--user-data-dir=${profile}`],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  )
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  const [, , , to, from] = child.stdio
  /** By number: who waits for the answer. */
  const asked = new Map()
  /** By session and name: who waits for the event. */
  const awaited = new Map()
  let last = 0
  let heard = ''
  const take = (text) => {
    const { id, sessionId = '', method, params, result, error } = JSON.parse(text)
    const waiting = id === undefined ? awaited.get(`${sessionId} ${method}`) : asked.get(id)
    asked.delete(id)
    awaited.delete(`${sessionId} ${method}`)
    if (error) waiting?.reject(new Error(`DevTools: ${error.message}`))
    else waiting?.resolve(result ?? params)
  }
  from.setEncoding('utf8')
  from.on('data', (chunk) => {
    heard += chunk
    const texts = heard.split('\0')
    heard = texts.pop()
    texts.forEach(take)
  })
  void ended.then(() => {
    for (const { reject } of [...asked.values(), ...awaited.values()]) reject(new Error('Chromium has ended'))
  })

  const send = (method, params, sessionId) =>
    new Promise((resolve, reject) => {
      asked.set((last += 1), { resolve, reject })
      to.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`)
    })
  const event = (name, sessionId) =>
    new Promise((resolve, reject) => awaited.set(`${sessionId} ${name}`, { resolve, reject }))

  /** A page in a context of its own, when it has loaded. */
  const open = async (url) => {
    const { browserContextId } = await send('Target.createBrowserContext')
    const { targetId } = await send('Target.createTarget', { url: 'about:blank', browserContextId })
    const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
    const ask = (method, params) => send(method, params, sessionId)
    await ask('Page.enable')
    const loaded = event('Page.loadEventFired', sessionId)
    await ask('Page.navigate', { url })
    await loaded
    await ask('Page.disable')
    return {
      send: ask,
      /** The value of an expression, when it has one. */
      evaluate: async (expression) => {
        const given = { expression, awaitPromise: true, returnByValue: true }
        const { result, exceptionDetails } = await ask('Runtime.evaluate', given)
        if (exceptionDetails)
          throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
        return result.value
      },
      close: () => send('Target.disposeBrowserContext', { browserContextId }),
    }
  }

  const { product } = await send('Browser.getVersion')
  return {
    version: product.split('/')[1],
    send,
    open,
    close: async () => {
      await Promise.race([send('Browser.close').catch(() => undefined), ended])
      await ended
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
