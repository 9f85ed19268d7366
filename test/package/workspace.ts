import { execFile, execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { z } from 'zod'

/** The checkout that is packed. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The oldest Node of each line that the package says it runs on, and the newest of those that come after. */
const NODES = ['node20', 'node22', 'node24'] as const

const packed = z.array(z.object({ filename: z.string(), size: z.int(), unpackedSize: z.int(), files: z.array(z.object({ path: z.string(), size: z.int() })) })).length(1)

/** What the suite packs and installs once, for all of its files. */
export interface Workspace {
  /** A temporary folder. Under `node_modules` it has the packed tarball and the tools of test/package/fresh. */
  folder: string
  /** What `npm publish` would send. */
  tarball: string
  tarballBytes: number
  unpackedBytes: number
  /** Paths in the tarball. */
  files: string[]
  /** Programs of Node by name: those of test/package/fresh where they exist for this machine, else the one that runs. */
  nodes: Record<string, string>
}

declare module 'vitest' {
  interface ProvidedContext {
    workspace: Workspace
  }
}

/** Packs, and installs what was packed. `dist` has to be built. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'stemma-package-'))
  const fresh = join(ROOT, 'test/package/fresh')
  // The build was made by the command that calls this: `npm run test:package`.
  const output = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const [pack] = packed.parse(JSON.parse(output))
  if (pack === undefined) throw new Error('npm pack made no tarball')
  const tarball = join(folder, pack.filename)
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(fresh, name), join(folder, name))
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', tarball], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  project.provide('workspace', { folder, tarball, tarballBytes: pack.size, unpackedBytes: pack.unpackedSize, files: pack.files.map(({ path }) => path), nodes: findNodes(folder) })
  return () => {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The programs come as packages without install scripts, of one platform each: what CI has. Elsewhere the suite runs on one Node. */
function findNodes(folder: string): Record<string, string> {
  const found = NODES.map((name) => [name, join(folder, 'node_modules', name, 'bin/node')] as const).filter(([, file]) => existsSync(file))
  const isComplete = found.length === NODES.length
  if (!isComplete && process.platform === 'linux' && process.arch === 'x64') throw new Error('the Node binaries of test/package/fresh were not installed')
  return isComplete ? Object.fromEntries(found) : { [`node ${process.version}`]: process.execPath }
}

/** Writes a small project into the workspace, and gives its folder. */
export function writeProject({ folder }: Workspace, name: string, files: Readonly<Record<string, string>>): string {
  const project = join(folder, 'projects', name)
  for (const [path, text] of Object.entries({ 'package.json': '{ "private": true }', ...files })) {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), text)
  }
  return project
}

/**
 * Runs a program in a project, with a registry and a cache of its own.
 *
 * @throws an error that shows all the program printed, when it fails.
 */
export async function runIn(project: string, file: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<string> {
  const state = mkdtempSync(join(project, '.state-'))
  const env = { ...process.env, STEMMA_CACHE: join(state, 'cache'), STEMMA_REGISTRY: join(state, 'store'), NODE_OPTIONS: '', ...more }
  // Of the runner, which a program under test is not to see.
  for (const name of ['VITEST', 'VITEST_MODE', 'VITEST_POOL_ID', 'VITEST_WORKER_ID', 'NODE_ENV', 'TEST', 'DEV', 'PROD', 'MODE', 'BASE_URL', 'SSR']) Reflect.deleteProperty(env, name)
  try {
    const { stdout } = await promisify(execFile)(file, args, { cwd: project, env, encoding: 'utf8', maxBuffer: 16_777_216 })
    return stdout
  } catch (error) {
    const { stdout, stderr } = z.object({ stdout: z.string(), stderr: z.string() }).parse(error)
    throw new Error(`${file} ${args.join(' ')} failed in ${project}:\n${stdout}\n${stderr}`, { cause: error })
  } finally {
    rmSync(state, { recursive: true, force: true })
  }
}

/** The manifest of the package. */
export const manifest = z
  .object({
    version: z.string(),
    main: z.string(),
    exports: z.record(z.string(), z.union([z.string(), z.record(z.string(), z.record(z.string(), z.string()))])),
    dependencies: z.record(z.string(), z.string()),
    scripts: z.record(z.string(), z.string()),
    typesVersions: z.record(z.string(), z.record(z.string(), z.array(z.string())))
  })
  .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')))
