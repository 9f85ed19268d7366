import { chmodSync, lstatSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openKnownDigests } from '../../../src/artifacts/cache/known-digests.js'
import { stampOf, type KnownDigests, type StampedFile } from '../../../src/io/known-digests.js'
import { nodeStoreFs } from '../../../src/io/node-store-fs.js'
import { systemSources } from '../../../src/util/sources.js'
import { temporaryFolder } from '../temporary-folder.js'

const DIGEST = `sha256:${'a'.repeat(64)}` as const
const HOUR_MS = 3_600_000

function stamped(path: string): StampedFile {
  return { path, stamp: stampOf(lstatSync(path, { bigint: true })) }
}

function newFile(): string {
  const path = join(temporaryFolder(), 'w.bin')
  writeFileSync(path, 'weights')
  return path
}

function knownIn(root: string): KnownDigests {
  return openKnownDigests(root, nodeStoreFs, systemSources)
}

const later = (): number => systemSources.now() + HOUR_MS

describe('known digests', () => {
  it('are those of files that nobody has touched since, in another process too', async () => {
    const root = join(temporaryFolder(), 'cache')
    const path = newFile()
    await knownIn(root).remember([{ ...stamped(path), digest: DIGEST }], later())
    expect(await knownIn(root).recall([stamped(path), { ...stamped(path), path: '/nowhere/w.bin' }])).toEqual([DIGEST, undefined])

    writeFileSync(path, 'weightz')
    expect(await knownIn(root).recall([stamped(path)])).toEqual([undefined])
    utimesSync(path, 1, 1)
    expect(await knownIn(root).recall([stamped(path)])).toEqual([undefined])
  })

  it('are not those of a file that was written over with as many bytes and given its old time back', async () => {
    const root = join(temporaryFolder(), 'cache')
    const path = newFile()
    utimesSync(path, 1_000, 1_000)
    await knownIn(root).remember([{ ...stamped(path), digest: DIGEST }], later())
    expect(await knownIn(root).recall([stamped(path)])).toEqual([DIGEST])
    const before = lstatSync(path)
    writeFileSync(path, 'weightz')
    utimesSync(path, 1_000, 1_000)
    expect([lstatSync(path).size, lstatSync(path).mtimeMs, lstatSync(path).ino]).toEqual([before.size, before.mtimeMs, before.ino])
    expect(await knownIn(root).recall([stamped(path)])).toEqual([undefined])
  })

  it('are not kept of a file that was changed within the two seconds before, nor of one from the future', async () => {
    const root = join(temporaryFolder(), 'cache')
    const path = newFile()
    await knownIn(root).remember([{ ...stamped(path), digest: DIGEST }], systemSources.now())
    expect(await knownIn(root).recall([stamped(path)])).toEqual([undefined])
    utimesSync(path, later() / 1000 + 10, later() / 1000 + 10)
    await knownIn(root).remember([{ ...stamped(path), digest: DIGEST }], later())
    expect(await knownIn(root).recall([stamped(path)])).toEqual([undefined])
  })

  it('are forgotten when the record is damaged, and remembered again', async () => {
    const root = join(temporaryFolder(), 'cache')
    const path = newFile()
    const known = knownIn(root)
    await known.remember([{ ...stamped(path), digest: DIGEST }], later())
    const [record = ''] = readdirSync(join(root, 'v1', 'digests'))
    writeFileSync(join(root, 'v1', 'digests', record), '{"format":1}\nsha256:0\n')
    expect(await known.recall([stamped(path)])).toEqual([undefined])
    await known.remember([{ ...stamped(path), digest: DIGEST }], later())
    expect(await known.recall([stamped(path)])).toEqual([DIGEST])
  })

  it('are neither read from nor written to a cache that others may write to', async () => {
    const root = join(temporaryFolder(), 'cache')
    const path = newFile()
    const known = knownIn(root)
    await known.remember([{ ...stamped(path), digest: DIGEST }], later())
    chmodSync(join(root, 'v1'), 0o777)
    expect(await known.recall([stamped(path)])).toEqual([undefined])
    await known.remember([{ ...stamped(path), digest: `sha256:${'b'.repeat(64)}` }], later())
    chmodSync(join(root, 'v1'), 0o700)
    expect(await known.recall([stamped(path)])).toEqual([DIGEST])
  })
})
