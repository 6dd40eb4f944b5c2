/** Which members of the source are private: declared in its own modules, and no name of the public API, the wire or the host. */
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import ts from 'typescript'

const src = join(import.meta.dirname, '../src')

/** Modules that declare what users, servers and hosts see; all others declare what only this package knows. */
const PUBLIC = ['client', 'errors', 'frames', 'host', 'index', 'options', 'routes', 'status']

export interface Members {
  /** Declared in a private module and nowhere else: these may be renamed. */
  readonly declared: Set<string>
  /** Where a name is used of something that is not private: `file:line name`. */
  readonly foreignUses: (names: ReadonlySet<string>) => string[]
}

export function membersOfSource(): Members {
  const files = readdirSync(src).filter((file) => file.endsWith('.ts'))
  const program = ts.createProgram(
    files.map((file) => join(src, file)),
    {
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2022.d.ts'],
      module: ts.ModuleKind.Node16,
      moduleResolution: ts.ModuleResolutionKind.Node16,
      types: [],
      strict: true,
      noEmit: true,
    },
  )
  const checker = program.getTypeChecker()
  const isPrivate = (file: ts.SourceFile): boolean =>
    file.fileName.startsWith(src) && !PUBLIC.includes(basename(file.fileName, '.ts'))

  const declared = new Set<string>()
  const elsewhere = new Set<string>()
  for (const file of program.getSourceFiles()) {
    const names = isPrivate(file) ? declared : elsewhere
    visit(file, (node) => {
      const isMember =
        ts.isPropertySignature(node) || ts.isMethodSignature(node) || ts.isPropertyDeclaration(node)
      if (isMember && ts.isIdentifier(node.name)) names.add(node.name.text)
    })
  }
  for (const name of elsewhere) declared.delete(name)

  const foreignUses = (names: ReadonlySet<string>): string[] => {
    const found: string[] = []
    for (const file of program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(src))) {
      visit(file, (node) => {
        const name = usedName(node)
        if (!name || !names.has(name.text)) return
        const declarations = declarationsOf(checker, node, name) ?? []
        if (declarations.length > 0 && declarations.every((one) => isPrivate(one.getSourceFile()))) return
        const { line } = file.getLineAndCharacterOfPosition(name.getStart())
        found.push(`${basename(file.fileName)}:${line + 1} ${name.text}`)
      })
    }
    return found
  }
  return { declared, foreignUses }
}

/** The name of the member that is read, written or made here, if it is written without quotes; or a text that may be one. */
function usedName(node: ts.Node): ts.Identifier | ts.StringLiteral | undefined {
  if (ts.isStringLiteral(node)) return ts.isLiteralTypeNode(node.parent) ? undefined : node
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.name)) return node.name
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
    const name = node.propertyName ?? node.name
    return ts.isIdentifier(name) && !node.dotDotDotToken ? name : undefined
  }
  const isMember =
    ts.isPropertyAssignment(node) ||
    ts.isShorthandPropertyAssignment(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isGetAccessorDeclaration(node)
  return isMember && ts.isIdentifier(node.name) ? node.name : undefined
}

function declarationsOf(
  checker: ts.TypeChecker,
  node: ts.Node,
  name: ts.Identifier | ts.StringLiteral,
): readonly ts.Declaration[] | undefined {
  if (ts.isStringLiteral(node)) return undefined
  if (ts.isPropertyAccessExpression(node)) return checker.getSymbolAtLocation(name)?.declarations
  const owner = node.parent
  const type = ts.isObjectBindingPattern(owner)
    ? checker.getTypeAtLocation(owner)
    : ts.isObjectLiteralExpression(owner) && checker.getContextualType(owner)
  // Without a type that was declared, what is made here is known by its own members.
  return (type && checker.getPropertyOfType(type, name.text)?.declarations) || undefined
}

function visit(node: ts.Node, act: (node: ts.Node) => void): void {
  act(node)
  ts.forEachChild(node, (child) => {
    visit(child, act)
  })
}
