import { appendFileSync, linkSync, readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { UploadFiles } from '../../../src/server/uploads/upload-files.js'
import { createUploadTurns } from '../../../src/server/uploads/upload-turns.js'
import { systemSources } from '../../../src/util/sources.js'
import { errorOf, temporaryFolder } from '../../support/test-registry.js'
import { bytesOf, chunkOf, digestOf, openServer, readBlob } from './store-fixture.js'

const ANN = { owner: 'ann' }
const BYTES = bytesOf(9_000)
const DIGEST = digestOf(BYTES)
const part = (start: number, end = BYTES.length): ReturnType<typeof chunkOf> => chunkOf(BYTES.subarray(start, end), start)
const systemError = (code: string): Error => Object.assign(new Error(code), { code, errno: -1, syscall: 'write' })

describe('an upload that another server began', () => {
  it('goes on at a server that was started again', async () => {
    const folder = temporaryFolder()
    const first = await openServer(folder, undefined, true)
    const { id } = await first.uploads.start({ digest: DIGEST, sizeBytes: BYTES.length }, ANN)
    await first.uploads.append(id, part(0, 4_000), ANN)
    await first.uploads.close()
    const second = await openServer(folder, undefined, true)
    expect(await second.uploads.offset(id, ANN)).toBe(4_000)
    expect((await errorOf(second.uploads.finish(id, DIGEST, ANN))).details).toMatchObject({ offset: 4_000, sizeBytes: 9_000 })
    await second.uploads.append(id, part(4_000), ANN)
    expect(await second.uploads.finish(id, DIGEST, ANN)).toEqual({ digest: DIGEST, sizeBytes: 9_000, existed: false })
    expect((await readBlob(second.backend, DIGEST)).equals(BYTES)).toBe(true)
    expect(readdirSync(join(folder, 'uploads'))).toEqual([])
  })

  it('is copied, and what the first one still writes hurts nobody', async () => {
    const folder = temporaryFolder()
    const first = await openServer(folder)
    const second = await openServer(folder)
    const { id } = await first.uploads.start({ digest: DIGEST }, ANN)
    await first.uploads.append(id, part(0, 3_000), ANN)
    // The first one is in the middle of a chunk when the second one takes over.
    const late = chunkOf(bytesOf(2_000, 9), 3_000)
    const inner = late.pieces[Symbol.asyncIterator]()
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const pieces = (async function* () {
      yield (await inner.next()).value as Uint8Array
      await held
      for (let next = await inner.next(); next.done !== true; next = await inner.next()) yield next.value
    })()
    const writing = first.uploads.append(id, { ...late, pieces }, ANN)
    expect(await second.uploads.start({ digest: DIGEST }, ANN)).toEqual({ id, offset: 3_000 })
    await second.uploads.append(id, part(3_000, 6_000), ANN)
    release()
    // It may well be acknowledged there: those bytes are the first one's own, and never mix with the others.
    expect(await writing).toBe(5_000)
    await second.uploads.append(id, part(6_000), ANN)
    await second.uploads.finish(id, DIGEST, ANN)
    expect((await readBlob(second.backend, DIGEST)).equals(BYTES)).toBe(true)
    expect((await errorOf(first.uploads.append(id, chunkOf(bytesOf(10), 5_000), ANN))).code).toBe('NOT_FOUND')
    expect((await first.uploads.finish(id, DIGEST, ANN)).existed).toBe(true)
  })

  it('goes on where the other one is ahead, to and fro', async () => {
    const folder = temporaryFolder()
    const servers = [await openServer(folder), await openServer(folder)]
    const { id } = (await servers[0]?.uploads.start({ digest: DIGEST }, ANN)) ?? { id: '' }
    for (let offset = 0, turn = 0; offset < BYTES.length; turn += 1) {
      offset = (await servers[turn % 2]?.uploads.append(id, part(offset, offset + 1_000), ANN)) ?? 0
    }
    await servers[0]?.uploads.finish(id, DIGEST, ANN)
    expect((await servers[1]?.uploads.finish(id, DIGEST, ANN))?.sizeBytes).toBe(9_000)
    expect(readdirSync(join(folder, 'uploads'))).toEqual([])
  })

  it('goes on where the other one is ahead, though that got chunks of other sizes', async () => {
    const folder = temporaryFolder()
    const [one, two] = [await openServer(folder), await openServer(folder)]
    const { id } = await one.uploads.start({ digest: DIGEST }, ANN)
    await two.uploads.start({ digest: DIGEST }, ANN)
    await one.uploads.append(id, part(0, 2_500), ANN)
    await two.uploads.append(id, part(0, 1_500), ANN)
    await two.uploads.append(id, part(1_500, 4_000), ANN)
    expect(await one.uploads.append(id, part(4_000, 6_000), ANN)).toBe(6_000)
    expect(await two.uploads.append(id, part(6_000), ANN)).toBe(9_000)
    await one.uploads.finish(id, DIGEST, ANN)
    expect(await readBlob(two.backend, DIGEST)).toEqual(BYTES)
  })

  it.each<[string, (data: string, record: string) => void, number]>([
    ['a record that was cut off', (_, record) => { truncateSync(record, readFileSync(record).length - 3) }, 1_000],
    ['a record that is empty', (_, record) => { truncateSync(record, 0) }, 0],
    ['a record of rubbish', (_, record) => { writeFileSync(record, '\n0 9000 00000000 0123456789abcdef\n') }, 0],
    ['a record with rubbish at its end', (_, record) => { appendFileSync(record, '\n2000 9000 xx') }, 2_000],
    ['data that is shorter than its record', (data) => { truncateSync(data, 1_500) }, 1_000],
    ['data that was changed', (data) => { const bytes = readFileSync(data); bytes[1_200] = (bytes[1_200] ?? 0) ^ 1; writeFileSync(data, bytes) }, 1_000],
    ['data after its record', (data) => { appendFileSync(data, 'more') }, 2_000]
  ])('is believed no further than it is right: %s', async (_, damage, offset) => {
    const folder = temporaryFolder()
    const first = await openServer(folder)
    const { id } = await first.uploads.start({ digest: DIGEST }, ANN)
    await first.uploads.append(id, part(0, 1_000), ANN)
    await first.uploads.append(id, part(1_000, 2_000), ANN)
    await first.uploads.close()
    const names = readdirSync(join(folder, 'uploads')).map((name) => join(folder, 'uploads', name))
    damage(names.find((name) => name.endsWith('.data')) ?? '', names.find((name) => name.endsWith('.offset')) ?? '')
    const second = await openServer(folder)
    expect(await second.uploads.offset(id, ANN)).toBe(offset)
    await second.uploads.append(id, part(offset), ANN)
    await second.uploads.finish(id, DIGEST, ANN)
    expect((await readBlob(second.backend, DIGEST)).equals(BYTES)).toBe(true)
  })

  it('is gone when garbage collection has taken its files, also for a server that remembers it', async () => {
    const folder = temporaryFolder()
    const { uploads, backend } = await openServer(folder)
    const { id } = await uploads.start({ digest: DIGEST }, ANN)
    await uploads.append(id, part(0, 1_000), ANN)
    for (const name of readdirSync(join(folder, 'uploads'))) utimesSync(join(folder, 'uploads', name), 1, 1)
    await backend.collectGarbage({ dryRun: false, graceMs: 0 }, {})
    expect((await errorOf(uploads.append(id, part(1_000), ANN))).code).toBe('NOT_FOUND')
    expect(await uploads.start({ digest: DIGEST }, ANN)).toEqual({ id, offset: 0 })
  })
})

describe('an upload whose disk fails', () => {
  /** Makes the n-th call of a step fail. */
  const failing = (step: 'write' | 'sync' | 'append' | 'folder', at: number, code: string) => {
    let count = 0
    const fail = (): void => {
      if (count++ === at) throw systemError(code)
    }
    return (files: UploadFiles): UploadFiles => ({
      ...files,
      open: (name) => {
        const file = files.open(name)
        return {
          ...file,
          write: async (pieces, position) => {
            if (step === 'write') fail()
            await file.write(pieces, position)
          },
          sync: async () => {
            if (step === 'sync') fail()
            await file.sync()
          }
        }
      },
      append: async (name, line, sync) => {
        if (step === 'append' && !line.includes('size')) {
          await files.append(name, line.slice(0, 7), sync)
          fail()
        }
        await files.append(name, line, sync)
      },
      sync: async () => {
        if (step === 'folder') fail()
        await files.sync()
      }
    })
  }

  it.each(['write', 'sync', 'append', 'folder'] as const)('stays as it was when %s fails, and goes on', async (step) => {
    for (const at of [0, 1, 2]) {
      for (const [code, wanted] of [['ENOSPC', 'NO_SPACE'], ['EIO', 'IO']] as const) {
        const folder = temporaryFolder()
        const { uploads, backend } = await openServer(folder, failing(step, at, code), true)
        const { id } = await uploads.start({ digest: DIGEST, sizeBytes: BYTES.length }, ANN)
        let failures = 0
        for (let offset = 0; offset < BYTES.length; ) {
          const before = offset
          offset = await uploads.append(id, part(offset, offset + 3_000), ANN).catch((error: unknown) => {
            expect(error).toMatchObject({ code: wanted, details: { offset: before } })
            expect(JSON.stringify(error)).not.toContain(folder)
            failures += 1
            return before
          })
          const [data] = readdirSync(join(folder, 'uploads')).filter((name) => name.endsWith('.data'))
          expect(readFileSync(join(folder, 'uploads', data ?? '')).length).toBe(offset)
        }
        expect(failures).toBe(step === 'folder' && at > 0 ? 0 : 1)
        await uploads.finish(id, DIGEST, ANN)
        expect((await readBlob(backend, DIGEST)).equals(BYTES)).toBe(true)
      }
    }
  })

  it('can be finished later when the store has no room for it', async () => {
    const { uploads, backend } = await openServer(temporaryFolder())
    const { id } = await uploads.start({ digest: DIGEST }, ANN)
    await uploads.append(id, part(0), ANN)
    vi.spyOn(backend, 'putBlobs').mockRejectedValueOnce(systemError('ENOSPC'))
    expect((await errorOf(uploads.finish(id, DIGEST, ANN))).code).toBe('NO_SPACE')
    expect((await uploads.finish(id, DIGEST, ANN)).existed).toBe(false)
  })

  it('is never written to after it may have become a blob', async () => {
    const folder = temporaryFolder()
    const { uploads, backend } = await openServer(folder)
    const { id } = await uploads.start({ digest: DIGEST }, ANN)
    await uploads.append(id, part(0), ANN)
    const putBlobs = backend.putBlobs.bind(backend)
    vi.spyOn(backend, 'putBlobs').mockImplementationOnce(([source]) => {
      // The name is given, and the last step fails: the file has two names now.
      if (source?.kind === 'owned-file') linkSync(source.path, join(folder, 'blobs', 'sha256', DIGEST.slice(7)))
      return Promise.reject(systemError('EIO'))
    })
    expect((await errorOf(uploads.finish(id, DIGEST, ANN))).code).toBe('IO')
    expect(await uploads.append(id, chunkOf(bytesOf(500, 4), BYTES.length), ANN)).toBe(9_500)
    expect((await readBlob(backend, DIGEST)).equals(BYTES)).toBe(true)
    expect((await errorOf(uploads.finish(id, DIGEST, ANN))).code).toBe('DIGEST_MISMATCH')
    expect((await putBlobs([{ kind: 'bytes', label: 'x', bytes: BYTES }], {}))[0]?.existed).toBe(true)
  })
})

describe('two requests of one upload', () => {
  it('take turns when they come at the same moment', async () => {
    const turns = createUploadTurns(systemSources)
    let inside = 0
    const work = async (): Promise<void> => {
      expect(++inside).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      inside -= 1
    }
    await Promise.all(Array.from({ length: 10 }, () => turns.run(work, {})))
  })

  it('take turns, and one that is stalled makes way', async () => {
    let nowMs = 0
    const sources = { ...systemSources, monotonicNow: () => nowMs, sleep: async () => { nowMs += 250; await new Promise((resolve) => setImmediate(resolve)) } }
    const turns = createUploadTurns(sources)
    const stalled = turns.run((turn) => new Promise((_, reject) => { turn.signal.addEventListener('abort', () => { reject(turn.signal.reason as Error) }) }), {})
    const next = turns.run(() => Promise.resolve('next'), {})
    expect((await errorOf(stalled)).code).toBe('CONFLICT')
    expect(await next).toBe('next')
    let end: () => void = () => undefined
    const alive = turns.run((turn) => new Promise<void>((resolve) => {
      end = resolve
      const beat = (): void => { turn.moved(); if (!turn.signal.aborted && nowMs < 60_000) setImmediate(beat) }
      beat()
    }), {})
    const second = await errorOf(turns.run(() => Promise.resolve(), {}))
    expect([second.code, second.retryable]).toEqual(['CONFLICT', true])
    end()
    await alive
  })
})

describe('any order of chunks, cuts and restarts', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('append' as const), server: fc.nat(1), from: fc.constantFrom('own', 'known', 'wrong'), size: fc.integer({ min: 0, max: 4_000 }) }),
    fc.record({ kind: fc.constant('cut' as const), server: fc.nat(1), size: fc.integer({ min: 1, max: 4_000 }), after: fc.nat(4_000) }),
    fc.record({ kind: fc.constant('garbled' as const), server: fc.nat(1), size: fc.integer({ min: 1, max: 4_000 }) }),
    fc.record({ kind: fc.constant('restart' as const), server: fc.nat(1) }),
    fc.record({ kind: fc.constant('finish' as const), server: fc.nat(1) }),
    fc.record({ kind: fc.constant('both' as const), size: fc.integer({ min: 1, max: 4_000 }) })
  )

  it('ends in the right bytes or an error, never in wrong bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const folder = temporaryFolder()
        const servers = [await openServer(folder), await openServer(folder)]
        const at = (index: number) => servers[index] ?? Promise.reject(new Error('no server'))
        const { id } = await (await at(0)).uploads.start({ digest: DIGEST, sizeBytes: BYTES.length }, ANN)
        let known = 0
        const told = async (work: Promise<number>): Promise<void> => {
          try {
            known = await work
          } catch (error) {
            const { details } = error as { details?: { offset?: number } }
            known = details?.offset ?? known
          }
        }
        const offsetAt = async (index: number): Promise<number> => (await at(index)).uploads.offset(id, ANN).catch(() => 0)
        for (const one of steps) {
          const size = 'size' in one ? one.size : 0
          if (one.kind === 'restart') {
            await (await at(one.server)).uploads.close()
            servers[one.server] = await openServer(folder)
          } else if (one.kind === 'finish') {
            await (await at(one.server)).uploads.finish(id, DIGEST, ANN).catch((error: unknown) => {
              expect(['CONFLICT', 'NOT_FOUND']).toContain((error as { code: string }).code)
            })
          } else if (one.kind === 'both') {
            const offsets = await Promise.all([offsetAt(0), offsetAt(1)])
            await Promise.all(
              [...offsets, ...offsets].map(async (offset, index) => told((await at(index % 2)).uploads.append(id, part(offset, offset + size + index), ANN)))
            )
          } else {
            const { uploads } = await at(one.server)
            const offset = one.kind === 'append' && one.from === 'wrong' ? Math.min(known + 7, BYTES.length) : one.kind === 'append' && one.from === 'known' ? known : await offsetAt(one.server)
            const chunk = part(offset, Math.min(offset + size, BYTES.length))
            if (one.kind === 'cut') await told(uploads.append(id, chunkOf(BYTES.subarray(offset, offset + size), offset, one.after % Math.max(1, size)), ANN))
            else await told(uploads.append(id, one.kind === 'garbled' ? { ...chunk, checksum: chunk.checksum ^ 1 } : chunk, ANN))
          }
        }
        // Whatever happened: it can be brought to its end.
        const { uploads, backend } = await at(0)
        const [isStored] = await backend.keepBlobs([DIGEST], {})
        if (isStored !== true) {
          for (let { offset } = await uploads.start({ digest: DIGEST }, ANN); offset < BYTES.length; ) offset = await uploads.append(id, part(offset, offset + 2_500), ANN)
          await uploads.finish(id, DIGEST, ANN)
        }
        expect((await readBlob(backend, DIGEST)).equals(BYTES)).toBe(true)
      }),
      { numRuns: 60 }
    )
  })
})
