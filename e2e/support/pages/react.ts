/** The same page of React, under StrictMode: every component is mounted, unmounted and mounted again. */
import { createElement, StrictMode, useState, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { useTopic } from '@topicwire/client/react'
import { ws } from './quote'

function Quote({ name, symbol }: { name: string; symbol: string }): ReactNode {
  const [updates, setUpdates] = useState(0)
  const { data, status, stale, error } = useTopic(
    ws.quotes,
    { symbol },
    {
      onUpdate: () => {
        setUpdates((count) => count + 1)
      },
    },
  )
  return createElement('p', {
    'data-testid': name,
    'data-symbol': data?.symbol,
    'data-last': data?.last,
    'data-status': status,
    'data-stale': String(stale),
    'data-error': error?.code,
    'data-updates': updates,
  })
}

function Page(): ReactNode {
  const [symbol, setSymbol] = useState('AAPL')
  const [shown, setShown] = useState(true)
  const [renderings, setRenderings] = useState(0)
  const button = (name: string, act: () => void): ReactNode =>
    createElement('button', { type: 'button', key: name, onClick: act }, name)
  return [
    ...['AAPL', 'GOOG', 'NONE'].map((one) =>
      button(one, () => {
        setSymbol(one)
      }),
    ),
    button('render', () => {
      setRenderings(renderings + 1)
    }),
    button('hide', () => {
      setShown(!shown)
    }),
    createElement('output', { key: 'output' }, renderings),
    ...(shown ? ['one', 'two'].map((name) => createElement(Quote, { key: name, name, symbol })) : []),
  ]
}

const root = document.getElementById('app')
if (root !== null) createRoot(root).render(createElement(StrictMode, null, createElement(Page)))
