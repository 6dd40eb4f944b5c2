// Renders the document beside this page. Nothing is asked of any other host.
const target = document.getElementById('asyncapi')

function say(message) {
  const paragraph = document.createElement('p')
  paragraph.className = 'problem'
  paragraph.textContent = message
  target.replaceChildren(paragraph)
}

try {
  const answer = await fetch('asyncapi.json', { headers: { accept: 'application/json' } })
  if (!answer.ok) throw new Error(`the server answered ${answer.status} ${answer.statusText}`)
  const schema = await answer.text()
  const config = {
    show: { errors: true, sidebar: true },
    sidebar: { showServers: 'byDefault', showOperations: 'byOperationsTags' },
  }
  globalThis.AsyncApiStandalone.render({ schema, config }, target)
} catch (error) {
  say(`The document could not be shown: ${error.message}. It is at asyncapi.json, as plain JSON.`)
}
