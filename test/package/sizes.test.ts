import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { beforeAll, expect, inject, it } from 'vitest'
import { z } from 'zod'
import { manifest, runIn, writeProject } from './workspace.js'

const workspace = inject('workspace')
const installed = join(workspace.folder, 'node_modules/stemma')

/** The most that each may be, in kB: a sixth more than it was when this was written. What grows past it has to be looked at. */
const LIMITS: Readonly<Record<string, number>> = {
  tarball: 1680,
  unpacked: 6050,
  'run-time dependencies': 64,
  'their files': 18_000,
  stemma: 40,
  'stemma/schemas': 237,
  'stemma/backends': 560,
  'stemma/server': 765,
  'stemma/testing': 833,
  'the command': 94
}

const lockSchema = z.object({ packages: z.record(z.string(), z.object({ dependencies: z.record(z.string(), z.string()).optional() })) })
const reportSchema = z.object({ inputs: z.record(z.string(), z.object({ bytes: z.int(), imports: z.array(z.object({ path: z.string(), kind: z.string(), external: z.boolean().optional() })) })) })

const found = new Map<string, number>()

/** Bytes of a folder's files, without what is installed below it. */
function folderBytes(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => {
    const path = join(folder, name)
    if (name === 'node_modules') return sum
    return sum + (lstatSync(path).isDirectory() ? folderBytes(path) : statSync(path).size)
  }, 0)
}

/** Folders of the packages that `stemma` brings, seen from the lock file of the workspace. */
function runtimeClosure(): Set<string> {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(workspace.folder, 'package-lock.json'), 'utf8')))
  const closure = new Set<string>()
  const add = (from: string, name: string): void => {
    let place = from
    // As Node looks: in the package, then in each folder above it.
    while (place !== '' && packages[`${place}/node_modules/${name}`] === undefined) place = place.includes('/node_modules/') ? place.slice(0, place.lastIndexOf('/node_modules/')) : ''
    const path = place === '' ? `node_modules/${name}` : `${place}/node_modules/${name}`
    if (closure.has(path)) return
    closure.add(path)
    for (const next of Object.keys(packages[path]?.dependencies ?? {})) add(path, next)
  }
  for (const name of Object.keys(manifest.dependencies)) add('node_modules/stemma', name)
  return closure
}

/** Bytes of the package's own files that load when an entry is imported, before anything is called. */
async function closureBytes(entries: ReadonlyMap<string, string>): Promise<void> {
  const project = writeProject(workspace, 'closures', Object.fromEntries([...entries.values()].map((file, index) => [`${index}.mjs`, `import '${relative(join(workspace.folder, 'projects/closures'), file)}'`])))
  const files = [...entries.keys()].map((_, index) => `${index}.mjs`)
  await runIn(project, process.execPath, [join(workspace.folder, 'node_modules/esbuild/bin/esbuild'), ...files, '--bundle', '--platform=node', '--format=esm', '--packages=external', '--tree-shaking=false', '--ignore-annotations', '--outdir=out', '--metafile=meta.json', '--log-level=error'])
  const { inputs } = reportSchema.parse(JSON.parse(readFileSync(join(project, 'meta.json'), 'utf8')))
  for (const [index, name] of [...entries.keys()].entries()) {
    const loaded = new Set<string>()
    const load = (path: string): void => {
      if (loaded.has(path)) return
      loaded.add(path)
      for (const { path: next, kind, external } of inputs[path]?.imports ?? []) if (kind === 'import-statement' && external !== true) load(next)
    }
    load(`${index}.mjs`)
    loaded.delete(`${index}.mjs`)
    found.set(name, [...loaded].reduce((sum, path) => sum + (inputs[path]?.bytes ?? 0), 0) / 1000)
  }
}

beforeAll(async () => {
  const closure = runtimeClosure()
  found.set('tarball', workspace.tarballBytes / 1000)
  found.set('unpacked', workspace.unpackedBytes / 1000)
  found.set('run-time dependencies', closure.size)
  found.set('their files', [...closure].reduce((sum, path) => sum + folderBytes(join(workspace.folder, path)), 0) / 1000)
  const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json')
  const fileOf = (entry: string): string => z.object({ import: z.object({ default: z.string() }) }).parse(manifest.exports[entry]).import.default
  await closureBytes(new Map([...entries.map((entry) => [entry.replace('.', 'stemma'), join(installed, fileOf(entry))] as const), ['the command', join(installed, 'dist/cli/main.js')] as const]))
  console.log([...found].map(([name, size]) => `${name.padEnd(24)}${size.toFixed(name === 'run-time dependencies' ? 0 : 1).padStart(10)}   of at most ${LIMITS[name]}`).join('\n'))
  console.log(`packages: ${[...closure].map((path) => path.slice(path.lastIndexOf('node_modules/') + 13)).toSorted().join(', ')}`)
})

it('measures each entry, and each has a limit', () => {
  expect([...found.keys()].toSorted()).toEqual(Object.keys(LIMITS).toSorted())
  for (const size of found.values()) expect(size).toBeGreaterThan(0)
})

it.each(Object.entries(LIMITS))('%s stays below %d', (name, limit) => {
  expect(found.get(name)).toBeLessThan(limit)
})
