// On a server: no window, no document.
import { expect, test } from 'vitest'
import { createSSRApp, defineComponent, h } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { createClient } from '@topicwire/client'
import { FakeServer } from '@topicwire/client/testing'
import { useTopic } from '@topicwire/client/vue'
import { routeNames, type Routes } from '../routes.js'

test('a page rendered on a server opens no socket', async () => {
  const server = new FakeServer()
  const client = createClient<Routes>(routeNames, { url: '/ws', webSocket: server.WebSocket })
  const Page = defineComponent({
    setup() {
      const { data, status } = useTopic(client.quotes, () => ({ symbol: 'AAPL' }))
      return () => h('p', `${status.value} ${data.value?.bid ?? '-'}`)
    },
  })
  expect(await renderToString(createSSRApp(Page))).toBe('<p>waiting -</p>')
  await server.settled()
  expect(server.attempts).toBe(0)
})
