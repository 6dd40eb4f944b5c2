// Compiles the project in the folder that each line of stdin names, as `tsc -p` does, and answers with
// what there is to complain of, as JSON. Starting tsc and reading its libraries takes most of its time:
// here all that is installed is read once.
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import ts from 'typescript'

const installed = new Map()

function compiled(folder) {
  const unreadable = []
  const system = {
    ...ts.sys,
    getCurrentDirectory: () => folder,
    onUnRecoverableConfigFileDiagnostic: (one) => unreadable.push(one),
  }
  const parsed = ts.getParsedCommandLineOfConfigFile(join(folder, 'tsconfig.json'), {}, system)
  if (!parsed) return unreadable
  const host = ts.createCompilerHost(parsed.options)
  host.getCurrentDirectory = () => folder
  const read = host.getSourceFile.bind(host)
  const settings = JSON.stringify({ ...parsed.options, configFilePath: '' })
  host.getSourceFile = (name, how, ...rest) => {
    if (!name.includes('/node_modules/')) return read(name, how, ...rest)
    const key = `${name} ${how.impliedNodeFormat ?? ''} ${settings}`
    if (!installed.has(key)) installed.set(key, read(name, how, ...rest))
    return installed.get(key)
  }
  const program = ts.createProgram({
    rootNames: parsed.fileNames,
    options: parsed.options,
    host,
    configFileParsingDiagnostics: ts.getConfigFileParsingDiagnostics(parsed),
  })
  // Each only where what comes before is in order, as tsc does.
  const stages = [
    program.getConfigFileParsingDiagnostics,
    program.getSyntacticDiagnostics,
    program.getOptionsDiagnostics,
    program.getGlobalDiagnostics,
    program.getSemanticDiagnostics,
    ...(parsed.options.declaration ? [program.getDeclarationDiagnostics] : []),
  ]
  for (const stage of stages) {
    const found = stage()
    if (found.length > 0) return found
  }
  return []
}

for await (const line of createInterface({ input: process.stdin })) {
  const folder = JSON.parse(line)
  const shown = {
    getCurrentDirectory: () => folder,
    getCanonicalFileName: (name) => name,
    getNewLine: () => '\n',
  }
  const complaints = ts.formatDiagnostics(ts.sortAndDeduplicateDiagnostics(compiled(folder)), shown)
  process.stdout.write(`${JSON.stringify(complaints)}\n`)
}
