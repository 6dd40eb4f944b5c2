// @vitest-environment node
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import guide from '../../WS-CLIENT-AUTO-GENERATION.md?raw'

const blocks = [...guide.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = '']) => code)

/** What the compiler says of the code, as a file of `src/` under this folder's own settings. */
function faults(code: string): string[] {
  const folder = ts.sys.getCurrentDirectory()
  const { config } = ts.readConfigFile(`${folder}/tsconfig.json`, (path) => ts.sys.readFile(path)) as {
    config: unknown
  }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, folder)
  const file = `${folder}/src/documented.ts`
  const host = ts.createCompilerHost(options)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (name, version, ...rest) =>
    name === file ? ts.createSourceFile(name, code, version) : read(name, version, ...rest)
  const program = ts.createProgram([file], options, host)
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
}

describe('WS-CLIENT-AUTO-GENERATION.md', () => {
  it('has code that compiles (checklist 2)', { timeout: 60_000 }, () => {
    expect(blocks).toHaveLength(2)
    expect(blocks.flatMap(faults)).toEqual([])
  })

  it('has types that say no to what the server would refuse', { timeout: 60_000 }, () => {
    const wrong = blocks[0]?.replace("resolution: '5'", "resolution: '7'") ?? ''
    expect(faults(wrong)).toEqual([expect.stringContaining(`'"7"' is not assignable`)])
  })
})
