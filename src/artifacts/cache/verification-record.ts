import { createHash } from 'node:crypto'
import type { StoreFs } from '../../io/store-fs.js'
import type { Artifact } from '../../schemas/artifact.js'
import { checkedJsonBytes, readCheckedJson } from './checked-json.js'

/** A file as it was when its bytes were last verified. */
export interface VerifiedFile {
  fingerprint: string
  /** `sha256:<hex>` of its bytes. */
  digest: string
  /** The start of the machine, see `currentBootId`, until whose end this holds: the bytes were not made durable. `undefined`: they were. */
  boot: string | undefined
}

/** What is known of a version's files in the cache. */
export interface VerificationRecord {
  /** Of the list of artifacts that was checked against the version's digest, see {@link listKeyOf}. */
  listKey: string
  /** By logical path. */
  files: Map<string, VerifiedFile>
}

/** Tells two lists of artifacts apart without building a manifest: lists with one key are equal, byte for byte. */
export function listKeyOf(artifacts: readonly Artifact[]): string {
  return createHash('sha256').update(JSON.stringify(artifacts)).digest('hex')
}

/** The record of a version; `undefined` when there is none or it is damaged: then everything is hashed. */
export async function readRecord(fs: StoreFs, path: string): Promise<VerificationRecord | undefined> {
  const value = readCheckedJson(await fs.readFile(path))
  if (typeof value !== 'object' || value === null || !('format' in value) || !isKnownFormat(value.format)) return undefined
  if (!('listKey' in value) || typeof value.listKey !== 'string' || !('files' in value)) return undefined
  const files = new Map<string, VerifiedFile>()
  for (const entry of listOf(value.files)) {
    const [file, fingerprint, digest, boot] = listOf(entry)
    if (typeof file !== 'string' || typeof fingerprint !== 'string' || typeof digest !== 'string') return undefined
    if (boot !== undefined && typeof boot !== 'string') return undefined
    files.set(file, { fingerprint, digest, boot })
  }
  return { listKey: value.listKey, files }
}

/** Replaces the record in one step, by way of a new file in the same cache. */
export async function writeRecord(fs: StoreFs, path: string, record: VerificationRecord, temporary: string): Promise<void> {
  const files = [...record.files].map(([file, { fingerprint, digest, boot }]) => (boot === undefined ? [file, fingerprint, digest] : [file, fingerprint, digest, boot]))
  await fs.writeNew(temporary, checkedJsonBytes({ format: FORMAT, listKey: record.listKey, files }), { mode: 0o600, sync: false })
  await fs.rename(temporary, path)
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** The first format knew files that were made durable only, and would believe the others too. */
const FORMAT = 2

function isKnownFormat(format: unknown): boolean {
  return format === FORMAT || format === 1
}
