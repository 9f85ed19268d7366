import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isStemmaError, type StemmaError } from '../../errors/stemma-error.js'
import type { StoreFs } from '../../io/store-fs.js'
import { toStemmaError } from '../../io/system-error.js'
import { parse } from '../../schemas/parse.js'
import { sha256Hex } from '../../util/sha256.js'
import { queuedEntrySchema, type QueuedEntry } from './queued-model.js'

/** The file that makes a folder a queued model; its bytes lie beside it, in `store/`. */
const ENTRY = 'queued.json'
/** While it is written. */
export const PARTIAL = '.partial'
/** When it was delivered or given up, until it is removed. */
const DELIVERED = '.delivered'
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Where the bytes of a queued model lie: a local store of its own, so that nothing is shared with others. */
export function storeOf(folder: string): string {
  return join(folder, 'store')
}

/** Makes the outbox: closed to other users, and nothing for git. */
export async function makeOutbox(outbox: string, fs: StoreFs): Promise<void> {
  await fs.makeFolder(outbox, { mode: 0o700, sync: true })
  const ignore = join(outbox, '.gitignore')
  if (!fs.exists(ignore)) await fs.writeNew(ignore, Buffer.from('*\n'), { mode: 0o644, sync: false }).catch(() => undefined)
}

/** Publishes what was put together in `<id>.partial`: from here on it is a queued model, whole and durable. */
export async function publishEntry(outbox: string, id: string, entry: QueuedEntry, fs: StoreFs): Promise<QueuedPlace> {
  const partial = join(outbox, id + PARTIAL)
  const line = JSON.stringify(entry)
  await fs.writeNew(join(partial, ENTRY), Buffer.from(`${line}\nsha256:${sha256Hex(Buffer.from(line))}\n`), { mode: 0o600, sync: true })
  await fs.syncFolder(partial)
  const folder = join(outbox, id)
  await fs.rename(partial, folder)
  await fs.syncFolder(outbox)
  return { id, folder }
}

/** Where something waits in the outbox. */
export interface QueuedPlace {
  /** The name of its folder. */
  readonly id: string
  readonly folder: string
}

/** What waits in the outbox, oldest first; what is damaged comes as the error that says so. */
export async function listEntries(outbox: string, fs: StoreFs): Promise<(QueuedPlace & { entry: QueuedEntry | undefined; problem?: StemmaError })[]> {
  const ids = (await fs.list(outbox)).filter((name) => ID.test(name)).sort()
  const found = []
  for (const id of ids) {
    const folder = join(outbox, id)
    try {
      const entry = await readEntry(folder, fs)
      if (entry) found.push({ id, folder, entry })
    } catch (problem) {
      if (!isStemmaError(problem)) throw problem
      found.push({ id, folder, entry: undefined, problem })
    }
  }
  return found
}

/** `undefined` when somebody else has delivered it meanwhile. */
async function readEntry(folder: string, fs: StoreFs): Promise<QueuedEntry | undefined> {
  const bytes = await fs.readFile(join(folder, ENTRY))
  if (bytes === undefined) return undefined
  const [line = '', checksum] = Buffer.from(bytes).toString('utf8').split('\n')
  const hint = 'Its artifacts are still in the folder beside it: log them again, then give it up: stemma outbox discard, with the name of the folder.'
  const what = `${join(folder, ENTRY)} (a queued model)`
  const value: unknown = checksum === `sha256:${sha256Hex(Buffer.from(line))}` ? JSON.parse(line) : undefined
  return parse(queuedEntrySchema, value, { what, code: 'STORE_INVALID', hint })
}

/** Takes a model that was delivered or given up out of the outbox. It gets another name first, so that a crash in between leaves no half of it to deliver. */
export async function removeEntry(folder: string, fs: StoreFs): Promise<void> {
  try {
    await fs.rename(folder, folder + DELIVERED)
  } catch (error) {
    if (!fs.exists(folder)) return
    throw toStemmaError(error, `cannot remove ${folder} from the outbox`)
  }
  await rm(folder + DELIVERED, { recursive: true, force: true })
}

/** Removes what a crash left: delivered models, and unfinished ones that nobody has written to for a day. */
export async function sweepOutbox(outbox: string, fs: StoreFs, nowMs: number): Promise<void> {
  for (const name of await fs.list(outbox)) {
    const path = join(outbox, name)
    const isOld = name.endsWith(PARTIAL) && nowMs - ((await fs.stat(path))?.mtimeMs ?? nowMs) > 86_400_000
    if (isOld || name.endsWith(DELIVERED)) await rm(path, { recursive: true, force: true })
  }
}
