import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createSmallBuffer, ingestSmall } from '../../src/io/ingest-small.js'
import type { FileSource } from '../../src/io/open-source.js'

const hooks = vi.hoisted(() => {
  // Another test of this process may have loaded the module already, with the real node:fs.
  vi.resetModules()
  return { beforeRead: (): void => undefined, failReads: false }
})
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  return {
    ...fs,
    readSync: (fd: number, buffer: Uint8Array, offset: number, length: number, position: number | null) => {
      hooks.beforeRead()
      if (hooks.failReads) throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' })
      return fs.readSync(fd, buffer, offset, length, position)
    }
  }
})

afterAll(() => {
  vi.resetModules()
})

let folder: string
let source: FileSource
const target = (): string => join(folder, 'target')
const ingest = (): unknown => ingestSmall(source, target(), 0o444, createSmallBuffer())

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-small-'))
  source = { kind: 'file', label: 'a', path: join(folder, 'source'), sizeBytes: 3 }
  writeFileSync(source.path, 'abc')
  hooks.beforeRead = () => undefined
  hooks.failReads = false
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

it('reads a source again that grew while it was read', () => {
  let grown = false
  hooks.beforeRead = () => {
    if (!grown) appendFileSync(source.path, 'd')
    grown = true
  }
  expect(ingest()).toMatchObject({ sizeBytes: 4 })
  expect(readFileSync(target(), 'utf8')).toBe('abcd')
})

it.each(['growing', 'shrinking'])('gives up on a source that is %s each time', (how) => {
  hooks.beforeRead = () => {
    if (how === 'growing') appendFileSync(source.path, 'd')
    else writeFileSync(source.path, readFileSync(source.path).subarray(1))
  }
  writeFileSync(source.path, 'abcdefghij')
  expect(ingest).toThrow(expect.objectContaining({ code: 'SOURCE_CHANGED', details: { path: 'a', file: source.path, attempts: 3 } }))
  expect(existsSync(target())).toBe(false)
})

it('reports a source that cannot be read', () => {
  hooks.failReads = true
  expect(ingest).toThrow(expect.objectContaining({ code: 'SOURCE_UNREADABLE', details: { path: 'a', file: source.path, systemCode: 'EIO' } }))
  expect(existsSync(target())).toBe(false)
})

it('leaves larger files to others', () => {
  writeFileSync(source.path, Buffer.alloc(1_048_577))
  expect(ingest()).toBeUndefined()
  expect(existsSync(target())).toBe(false)
})
