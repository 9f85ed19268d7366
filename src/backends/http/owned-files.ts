import { lstat, rm } from 'node:fs/promises'
import { StemmaError } from '../../errors/stemma-error.js'
import type { ByteSource } from '../../io/byte-source.js'
import { systemErrorCode } from '../../io/system-error.js'
import type { Backend } from '../backend.js'

type OwnedFile = Extract<ByteSource, { kind: 'owned-file' }>

/** Files that are given away are gone when they are stored, here as in a folder: their bytes are elsewhere then. */
export function takingOwnedFiles(putBlobs: Backend['putBlobs']): Backend['putBlobs'] {
  return async (sources, options) => {
    const owned = sources.filter((source) => source.kind === 'owned-file')
    for (const file of owned) await assertSize(file)
    const stored = await putBlobs(sources, options)
    for (const { path } of owned) await rm(path, { force: true })
    return stored
  }
}

/** What is not there at all is told by who reads it. */
async function assertSize({ label, path, sizeBytes }: OwnedFile): Promise<void> {
  const found = await sizeOf(path)
  if (found === undefined || found === sizeBytes) return
  throw new StemmaError('DIGEST_MISMATCH', `${label} has ${found} bytes, and not the ${sizeBytes} that were said`, { details: { label, wanted: sizeBytes, found } })
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await lstat(path)).size
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return undefined
  }
}
