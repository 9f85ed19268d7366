import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { z } from 'zod'
import { manifest, ROOT, runIn } from './workspace.js'

const workspace = inject('workspace')
const lockSchema = z.object({ packages: z.record(z.string(), z.object({ dev: z.boolean().optional(), hasInstallScript: z.boolean().optional() })) })

describe('the packed tarball', () => {
  it('holds what is needed and nothing else', () => {
    // npm may put a dependency of another version than the project's below.
    expect(readdirSync(join(workspace.folder, 'node_modules/stemma')).filter((name) => name !== 'node_modules').toSorted()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'package.json'])
    expect(workspace.files.filter((path) => path.startsWith('dist/') && !/\.(js|cjs|d\.ts|d\.cts)$/.test(path))).toEqual(['dist/THIRD-PARTY-LICENSES.txt'])
    expect(workspace.files.filter((path) => path.startsWith('docs/') && !/\.(md|json|svg|png)$/.test(path))).toEqual([])
  })

  it('names in its manifest only files that it has', () => {
    const named = JSON.stringify([manifest.main, manifest.exports, manifest.typesVersions]).match(/\.\/dist\/[^"]+/g) ?? []
    expect(named.length).toBeGreaterThan(12)
    expect(named.filter((path) => !workspace.files.includes(path.slice(2)))).toEqual([])
  })

  it('is clean for publint --strict', async () => {
    // Fails, with what it found, on a suggestion as on an error.
    expect(await runIn(workspace.folder, 'npm', ['run', '--prefix', ROOT, 'check:tarball', '--', workspace.tarball])).toContain('All good')
  })

  it('is clean for attw, in every kind of module resolution', async () => {
    expect(await runIn(workspace.folder, 'npm', ['run', '--prefix', ROOT, 'check:types', '--', workspace.tarball])).toContain('No problems found')
  })

  it('cannot be stale: packing builds', () => {
    expect(manifest.scripts['prepack']).toBe('npm run build')
    expect(manifest.scripts['build']).toMatch(/^rm -rf dist && /)
  })
})

describe('installing', () => {
  it('runs no install scripts: none of the package, none of what it needs', () => {
    expect(['preinstall', 'install', 'postinstall', 'prepare'].filter((name) => name in manifest.scripts)).toEqual([])
    const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')))
    const runtime = Object.entries(packages).filter(([, { dev }]) => dev !== true)
    expect(runtime.length).toBeGreaterThan(Object.keys(manifest.dependencies).length)
    expect(runtime.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path)).toEqual([])
  })

  it('needs exactly the versions that were tested', () => {
    expect(Object.entries(manifest.dependencies).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  it('gives a command', () => {
    const bin = join(workspace.folder, 'node_modules/.bin/stemma')
    expect(execFileSync(bin, ['--version'], { encoding: 'utf8' }).trim()).toBe(manifest.version)
  })
})
