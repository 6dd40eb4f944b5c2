// Renders the document beside this page. Nothing is asked of any other host.
const target = document.getElementById('asyncapi')

function say(message) {
  const paragraph = document.createElement('p')
  paragraph.className = 'problem'
  paragraph.textContent = message
  target.replaceChildren(paragraph)
}

/** Ids of what is unfolded: the component may draw an operation anew. */
const unfolded = new Set()
/** What the page was opened at: the first time that it is drawn need not be the last. */
const linked = location.hash.slice(1)
unfolded.add(linked)

/**
 * All operations have one address, so their headings name the operation instead. The rest of an
 * operation is folded away until its heading or a link to it is pressed.
 */
function name() {
  for (const item of target.querySelectorAll("#operations li[id^='operation-']:not([data-open])")) {
    const heading = item.querySelector('h3')
    if (heading === null) continue
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'operation-name'
    button.textContent = item.id.replace(/^operation-[a-z]+-/, '')
    button.addEventListener('click', () => unfold(item, item.dataset.open !== 'true'))
    heading.append(button)
    unfold(item, unfolded.has(item.id))
    if (item.id === linked) item.scrollIntoView()
  }
}

function unfold(item, open) {
  if (open) unfolded.add(item.id)
  else unfolded.delete(item.id)
  item.dataset.open = String(open)
  item.querySelector('.operation-name')?.setAttribute('aria-expanded', String(open))
}

function follow(hash) {
  const item = document.getElementById(hash.slice(1))
  if (item?.dataset.open === undefined) return
  unfold(item, true)
  item.scrollIntoView()
}

/** Names the operations as soon as there are any, and whenever there are others. */
function watch() {
  new MutationObserver(name).observe(target, { childList: true, subtree: true })
  target.addEventListener('click', (event) => {
    const link = event.target.closest?.("a[href^='#operation-']")
    if (link) follow(link.hash)
  })
}

try {
  const answer = await fetch('asyncapi.json', { headers: { accept: 'application/json' } })
  if (!answer.ok) throw new Error(`the server answered ${answer.status} ${answer.statusText}`)
  const schema = await answer.text()
  const config = {
    // Each message is shown where it is used: with its operation.
    show: { errors: true, sidebar: true, messages: false },
    sidebar: { showServers: 'byDefault', showOperations: 'byDefault' },
  }
  watch()
  globalThis.AsyncApiStandalone.render({ schema, config }, target)
} catch (error) {
  say(`The document could not be shown: ${error.message}. It is at asyncapi.json, as plain JSON.`)
}
