import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkDestination } from '../../src/artifacts/check-destination.js'
import { findKeptFolder } from '../../src/artifacts/find-kept-folder.js'
import { temporaryFolder, writeFiles } from './temporary-folder.js'

const STORE = { 'store.json': '{}', 'blobs/sha256/aa': 'x', 'models/m/log/0': '1' }

it.each([
  ['registry', 'a/b/c/registry', STORE],
  ['queued model', 'a/outbox/0198', { 'queued.json': '{}', 'store/x': '' }],
  ['git repository', 'a/b/code', { '.git/HEAD': 'ref: refs/heads/main\n' }],
  ['git repository', 'a/b/worktree', { '.git': 'gitdir: /elsewhere\n' }]
] as const)('finds a %s however deep, and it is not replaced', (kind, place, files) => {
  const directory = temporaryFolder()
  const out = join(directory, 'out')
  writeFiles(out, { 'model.onnx': 'x', 'a/labels.txt': 'x' })
  writeFiles(join(out, place), files)
  expect(findKeptFolder(out)).toEqual({ path: join(out, place), kind })
  const check = (): unknown => checkDestination(out, { directory, overwrite: true })
  expect(check).toThrow(expect.objectContaining({ code: 'DESTINATION_EXISTS' }))
  expect(check).toThrow(`holds a ${kind}, ${join(out, place)}`)
})

it('lets models go, also with files that are called like those of a registry', () => {
  const directory = temporaryFolder()
  writeFiles(join(directory, 'out'), { 'a/store.json': '{}', 'a/blobs/x': '', 'b/queued.json': '{}', 'c/.gitignore': '' })
  expect(findKeptFolder(join(directory, 'out'))).toBeUndefined()
  expect(checkDestination(join(directory, 'out'), { directory, overwrite: true })).toBe('full')
})

it('follows no links, since what they lead to stays', () => {
  const directory = temporaryFolder()
  writeFiles(join(directory, 'elsewhere/registry'), STORE)
  mkdirSync(join(directory, 'out'))
  symlinkSync('../elsewhere', join(directory, 'out/link'))
  symlinkSync('.', join(directory, 'out/round'))
  expect(findKeptFolder(join(directory, 'out'))).toBeUndefined()
})

it('looks at no more than a model can have, and lets nothing larger go', () => {
  const directory = temporaryFolder()
  writeFiles(directory, { a: '', 'b/c': '', 'b/d': '' })
  expect(findKeptFolder(directory, 4)).toBeUndefined()
  expect(findKeptFolder(directory, 3)).toEqual({ path: join(directory, 'b'), kind: 'too much' })
})
