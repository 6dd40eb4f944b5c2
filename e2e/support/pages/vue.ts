/** A page of Vue with two components that use a topic each, of one symbol that is chosen. */
import { createApp, defineComponent, h, ref, shallowRef } from 'vue'
import { useTopic } from '@topicwire/client/vue'
import { ws } from './quote'

const Quote = defineComponent({
  props: { name: { type: String, required: true }, symbol: { type: String, required: true } },
  setup(props) {
    const updates = ref(0)
    const { data, status, stale, error } = useTopic(ws.quotes, () => ({ symbol: props.symbol }), {
      onUpdate: () => {
        updates.value += 1
      },
    })
    return () =>
      h('p', {
        'data-testid': props.name,
        'data-symbol': data.value?.symbol,
        'data-last': data.value?.last,
        'data-status': status.value,
        'data-stale': String(stale.value),
        'data-error': error.value?.code,
        'data-updates': updates.value,
      })
  },
})

const Page = defineComponent({
  setup() {
    const symbol = shallowRef('AAPL')
    const shown = shallowRef(true)
    const renderings = ref(0)
    const button = (name: string, act: () => void): ReturnType<typeof h> =>
      h('button', { type: 'button', onClick: act }, name)
    return () => [
      ...['AAPL', 'GOOG', 'NONE'].map((one) => button(one, () => (symbol.value = one))),
      button('render', () => (renderings.value += 1)),
      button('hide', () => (shown.value = !shown.value)),
      h('output', renderings.value),
      ...(shown.value ? ['one', 'two'].map((name) => h(Quote, { name, symbol: symbol.value })) : []),
    ]
  },
})

createApp(Page).mount('#app')
