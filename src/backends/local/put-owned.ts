import { StemmaError } from '../../errors/stemma-error.js'
import type { ByteSource } from '../../io/byte-source.js'
import { systemErrorCode } from '../../io/system-error.js'
import type { TransferOptions } from '../../util/options.js'
import type { StoredBlob } from '../backend.js'
import { hexOf } from './blob-folders.js'
import { unlinkIfThere } from './if-there.js'
import type { LocalBlobStoreOptions, Publication, Published } from './publish.js'

/** A file that was given away. */
export type OwnedFile = Extract<ByteSource, { kind: 'owned-file' }>

/**
 * Stores files that were given away, in these steps: look at each, set its time to now, which is what garbage collection goes by,
 * make its content durable, give it the name of its digest, make the names durable, remove its own. A power cut or a failure finds
 * each under one of its names at least.
 *
 * @param newTemporary a new path in the folder of temporary files.
 * @throws {StemmaError} SOURCE_UNREADABLE, SOURCE_UNSUPPORTED, DIGEST_MISMATCH; the system's own errors.
 */
export async function putOwned(
  owned: readonly OwnedFile[],
  newTemporary: () => string,
  publication: Publication,
  options: TransferOptions,
  store: LocalBlobStoreOptions
): Promise<StoredBlob[]> {
  const { fs, durable, sources } = store
  await assertOwned(owned, store)
  options.signal?.throwIfAborted()
  for (const { path } of owned) await fs.touch(path, sources.now())
  if (durable) await fs.syncFiles(owned.map(({ path }) => path))
  const stored: StoredBlob[] = []
  for (const source of owned) {
    const { existed } = await publishOwned(source, newTemporary, publication, store)
    stored.push({ digest: source.digest, sizeBytes: source.sizeBytes, existed })
  }
  if (durable) await publication.harden()
  // They are stored: one that stays is removed with what else was left in its folder.
  for (const { path } of owned) await unlinkIfThere(path, fs).catch(() => undefined)
  return stored
}

/** Before anything is stored. The digest is believed: whoever gave the file away has hashed its bytes. */
export async function assertOwned(owned: readonly OwnedFile[], { fs }: LocalBlobStoreOptions): Promise<void> {
  for (const { path, label, sizeBytes } of owned) {
    const found = await fs.stat(path)
    if (found === undefined) {
      throw new StemmaError('SOURCE_UNREADABLE', `${label} cannot be read: nothing at ${path}`, { hint: 'Send it again.', details: { path: label, file: path } })
    }
    if (!found.isFile) {
      throw new StemmaError('SOURCE_UNSUPPORTED', `${label} is not a regular file: ${path}`, { hint: 'Send it again.', details: { path: label, file: path } })
    }
    if (found.sizeBytes === sizeBytes) continue
    throw new StemmaError('DIGEST_MISMATCH', `${label} is not the file that was given: wanted ${sizeBytes} bytes, found ${found.sizeBytes}`, {
      hint: 'Send it again.',
      details: { path: label, expectedBytes: sizeBytes, foundBytes: found.sizeBytes }
    })
  }
}

async function publishOwned(
  source: OwnedFile,
  newTemporary: () => string,
  publication: Publication,
  store: LocalBlobStoreOptions
): Promise<Published> {
  const blob = { sha256: hexOf(source.digest), sizeBytes: source.sizeBytes }
  try {
    return await publication.publish(source.path, blob)
  } catch (error) {
    // The folder of uploads may be a mount of its own; then a copy it is.
    if (systemErrorCode(error) !== 'EXDEV') throw error
  }
  const target = newTemporary()
  try {
    const [copied] = await store.fs.ingest([{ source: { ...source, kind: 'file' }, target }], { sync: store.durable, mode: 0o444 })
    if (copied?.sha256 === blob.sha256) return await publication.publish(target, blob)
    throw new StemmaError('DIGEST_MISMATCH', `${source.label} is not the file that was given: wanted ${source.digest}, found sha256:${copied?.sha256 ?? ''}`, {
      hint: 'Send it again.',
      details: { path: source.label, expected: source.digest, found: `sha256:${copied?.sha256 ?? ''}` }
    })
  } finally {
    await unlinkIfThere(target, store.fs).catch(() => undefined)
  }
}
