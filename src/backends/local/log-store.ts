import { join, sep } from 'node:path'
import { systemErrorCode, toStemmaError } from '../../io/system-error.js'
import { decodeModelName, encodeModelName } from '../../record/model-name.js'
import { newId } from '../../util/new-id.js'
import type { Sources } from '../../util/sources.js'
import type { CreateOutcome, LogStore } from '../journal/log-store.js'
import { assertPresent, failureOf, type StoreMark } from './assert-present.js'
import { modelFolders, MODELS, slotName, slotOf, type ModelFolders } from './model-folders.js'
import { createSlotFiles, type Publish, type SlotFiles } from './slot-files.js'

/** What a local log store is made from. */
export interface LocalLogStoreOptions extends StoreMark {
  sources: Sources
  /** Whether events survive a power cut once they are hardened. */
  durable: boolean
  /** The beginning of the names of temporary files, which tells whose they are. */
  writerTag: string
  publish: Publish
}

/**
 * Errors after which the slot may be taken by us all the same: a network file system can lose the reply to a request that it
 * carried out. All others say that nothing was done.
 */
const UNCERTAIN: ReadonlySet<string> = new Set(['EIO', 'ESTALE', 'ETIMEDOUT', 'EINTR', 'EAGAIN', 'EREMOTEIO', 'ECONNRESET', 'EHOSTDOWN', 'ENOLINK'])

/** How long a watcher waits for a notice before it looks by itself: network file systems give none. */
const WATCH_MS = 1_000

/**
 * Journals as folders `models/<encoded name>/log` of slots `<20 digits>.json`. A slot is written and flushed under another name, and gets
 * its own by an operation that is both create-if-absent and all-or-nothing, see {@link Publish}.
 */
export function createLocalLogStore(options: LocalLogStoreOptions): LogStore {
  const { root, fs, sources, durable } = options
  const slots = createSlotFiles(options.publish, fs)
  const plainFiles = createSlotFiles('link', fs)
  const readsBack = !fs.isLocal(root)
  const temporary = join(root, 'tmp')
  /** Models whose folders this process knows to be durable. */
  const settled = new Set<string>()
  const foldersOf = new Map<string, ModelFolders>()
  const folders = (model: string): ModelFolders => {
    const known = foldersOf.get(model)
    if (known) return known
    const made = modelFolders(root, model)
    // Only of journals that are there: anybody may ask for any name.
    if (settled.has(model) || isThere(made.log)) foldersOf.set(model, made)
    return made
  }
  const isThere = (path: string): boolean => {
    try {
      return fs.exists(path)
    } catch {
      // Whoever uses the folder meets the failure, and reports it.
      return false
    }
  }
  const decoded = new Map<string, string>()
  /** The model of a folder; `undefined` for what somebody else put there, also a file with a name that a model could have. */
  const modelOf = async (folder: string): Promise<string | undefined> => {
    const model = decodeModelName(folder)
    if (model === undefined || (await fs.stat(join(root, MODELS, folder)))?.isFile === true) return undefined
    decoded.set(folder, model)
    return model
  }
  const slotPath = (model: string, n: number): string => `${folders(model).log}${sep}${slotName(n)}`
  const eventPath = (model: string, n: number): string => slots.fileOf(slotPath(model, n))
  const newTemporary = (): string => join(temporary, `${options.writerTag}-${newId(sources)}`)

  /**
   * The names on the way to a journal. Done by each process once a model, because another one may have made the folders and have
   * died before it flushed their names.
   */
  const settle = async (model: string): Promise<void> => {
    const { model: folder, log, models } = folders(model)
    await fs.makeFolder(log, { mode: 0o777, sync: durable })
    if (!durable || settled.has(model)) return
    for (const path of [folder, models, root]) await fs.syncFolder(path)
    settled.add(model)
  }

  const write = async (path: string, bytes: Uint8Array, what: string, files: SlotFiles, sync: boolean): Promise<void> => {
    try {
      await files.write(path, bytes, sync)
    } catch (error) {
      await files.discard(path).catch(() => undefined)
      throw await failureOf(error, what, options, MODELS, path)
    }
  }

  return {
    fileName: (model, slot) => `models/${encodeModelName(model)}/${slot === 'snapshot' ? 'snapshot.json' : slots.fileOf(`log/${slotName(slot)}`)}`,
    async models() {
      const names = await reading(`cannot list the models of ${root}`, () => fs.list(join(root, MODELS)))
      if (names.length === 0) await assertPresent(options, MODELS)
      const models: string[] = []
      for (const folder of names) {
        const model = decoded.get(folder) ?? (await reading(`cannot list the models of ${root}`, () => modelOf(folder)))
        if (model !== undefined) models.push(model)
      }
      return models
    },
    read: (model, n) => reading(`cannot read event ${n} of ${model}`, () => fs.readFile(eventPath(model, n))),
    has(model, n) {
      const path = eventPath(model, n)
      try {
        return fs.exists(path)
      } catch (error) {
        throw toStemmaError(error, `cannot look for event ${n} of ${model}`, path)
      }
    },
    assertPresent: () => assertPresent(options, MODELS),
    async slots(model) {
      const names = await reading(`cannot list the journal of ${model}`, () => fs.list(folders(model).log))
      const numbers = names.map(slotOf).filter((n) => n !== undefined)
      const foreign = names.filter((name) => slotOf(name) === undefined)
      return {
        numbers: numbers.sort((left, right) => left - right),
        foreign: foreign.map((name) => `models/${encodeModelName(model)}/log/${name}`)
      }
    },
    async create(model, n, bytes) {
      const what = `cannot write event ${n} of ${model}`
      const { log } = folders(model)
      const path = newTemporary()
      await write(path, bytes, what, slots, durable)
      let outcome: CreateOutcome
      try {
        if (durable ? !settled.has(model) : n === 0) await settle(model)
        outcome = await publish(path, slotPath(model, n), slots, readsBack)
      } catch (error) {
        await slots.discard(path).catch(() => undefined)
        throw await failureOf(error, what, options, MODELS, log)
      }
      // An uncertain one keeps its file: a request that is still on its way may need it.
      if (outcome.outcome !== 'uncertain') await slots.discard(path).catch(() => undefined)
      return outcome
    },
    async harden(model) {
      if (!durable) return { outcome: 'durable' }
      try {
        if (!settled.has(model)) await settle(model)
        await fs.syncFolder(folders(model).log)
        return { outcome: 'durable' }
      } catch (cause) {
        return { outcome: 'uncertain', cause }
      }
    },
    async readSnapshot(model) {
      // It is a cache: one that cannot be read is as good as none.
      return fs.readFile(folders(model).snapshot).catch(() => undefined)
    },
    async writeSnapshot(model, bytes) {
      const path = newTemporary()
      await write(path, bytes, `cannot write the snapshot of ${model}`, plainFiles, false)
      await fs.rename(path, folders(model).snapshot).catch(() => fs.unlink(path))
    },
    waitForChange(model, { signal }) {
      const { log } = folders(model)
      const path = isThere(log) ? log : join(root, MODELS)
      return fs.waitForChange(path, { atMostMs: WATCH_MS, signal })
    }
  }
}

/**
 * @param readsBack whether success, too, is to be read again: a network file system may repeat a request whose reply was lost.
 * @throws the system's error when the slot was certainly not created.
 */
async function publish(from: string, to: string, slots: SlotFiles, readsBack: boolean): Promise<CreateOutcome> {
  try {
    return (await slots.publish(from, to)) && !readsBack ? { outcome: 'created' } : { outcome: 'exists' }
  } catch (cause) {
    const code = systemErrorCode(cause) ?? ''
    if (UNCERTAIN.has(code)) return { outcome: 'uncertain', cause }
    throw cause
  }
}

async function reading<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toStemmaError(error, what)
  }
}
