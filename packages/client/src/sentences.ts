import type { ErrorCode, TopicwireErrorFields } from './errors.js'

type Sentence = (what: string | number, fields: TopicwireErrorFields) => string

/** What each fault of the client's own means. `what` is the value that it was made with. */
const SENTENCES: Readonly<Partial<Record<ErrorCode, Sentence>>> = {
  cancelled: () => 'Replaced by a listener of the same id, or unsubscribed, before the server had accepted.',
  closed: () => 'connection.close() was called.',
  connection_failed: (url, { cause }) => `No socket to ${url}: ${String(cause)}${remedy(cause)}`,
  disconnected: () => 'the connection was lost after it was sent; it may have been carried out.',
  gap: (reason, { topic = '' }) =>
    `Updates of ${topic} were missed for good (${reason}), and no \`onGap\` took it.`,
  listener_failed: (_what, { cause }) => `A listener threw: ${String(cause)}`,
  slow_consumer: () => 'Updates are read too slowly: let listeners do less, or subscribe to less.',
}

/** The same of codes that a server sends too: that has words for them, the client a number. */
const MEASURED: typeof SENTENCES = {
  forbidden: closedBy,
  invalid_json: (length) => `The server sent ${length} characters that are no JSON.`,
  invalid_message: (length, { cause }) =>
    `The server sent ${length} characters that are no message: ${String(cause)}`,
  offline: (timeoutMs) => `no connection within ${timeoutMs} ms (\`timeoutMs\`).`,
  timeout: (timeoutMs) => `no answer within ${timeoutMs} ms (\`timeoutMs\`).`,
  too_large: (length) => `the server closed the connection over ${length} characters.`,
  unauthenticated: closedBy,
}

function closedBy(closeCode: string | number): string {
  return `The server closed the connection with ${closeCode}.`
}

function remedy(cause: unknown): string {
  return String(cause).includes('constructor')
    ? '; where there is no WebSocket pass the option `webSocket`'
    : ''
}

/**
 * The message of an error, as the source and the development build have it; in production `sentences.production.ts` stands
 * in its place. What a server says is told as it says it.
 */
export function sentence(code: ErrorCode, what: string | number, fields: TopicwireErrorFields): string {
  const said = (typeof what === 'number' ? MEASURED : SENTENCES)[code]?.(what, fields) ?? String(what)
  return fields.type === undefined ? said : `${fields.type}: ${said}`
}

/** The message about a value that no JSON has. */
export function uncarried(value: unknown): string {
  return `JSON cannot carry ${String(value)}.`
}
