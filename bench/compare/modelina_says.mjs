// What Modelina makes of each construct's schema: {version, constructs: {name: {sent: code, received: code}}}, from the list on
// stdin of {name, sent: schema, received: schema}. Run in a folder where @asyncapi/modelina is installed.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'
import path from 'node:path'

const require = createRequire(path.join(process.cwd(), 'here.js'))
const { TypeScriptGenerator } = require('@asyncapi/modelina')
const { version } = JSON.parse(readFileSync('node_modules/@asyncapi/modelina/package.json', 'utf8'))

const constructs = {}
for (const one of JSON.parse(await text(process.stdin))) {
  constructs[one.name] = {}
  for (const direction of ['sent', 'received']) {
    try {
      const generator = new TypeScriptGenerator({
        modelType: 'interface',
        enumType: 'union',
        mapType: 'record',
        moduleSystem: 'ESM',
      })
      const models = await generator.generate(one[direction])
      constructs[one.name][direction] = models.map(({ result }) => result).join('\n')
    } catch (error) {
      constructs[one.name][direction] = { fails: String(error).split('\n')[0].slice(0, 160) }
    }
  }
}
console.log(JSON.stringify({ version, constructs }))
