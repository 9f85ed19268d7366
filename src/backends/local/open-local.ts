import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { StemmaError } from '../../errors/stemma-error.js'
import { createNodeStoreFs } from '../../io/node-store-fs.js'
import type { StoreFs } from '../../io/store-fs.js'
import { systemErrorCode, toStemmaError } from '../../io/system-error.js'
import type { Policy } from '../../schemas/policy.js'
import { LIBRARY } from '../../util/library.js'
import { sha256Hex } from '../../util/sha256.js'
import { systemSources, type Sources } from '../../util/sources.js'
import type { Backend } from '../backend.js'
import { JOURNAL_CAPABILITIES } from '../journal/capabilities.js'
import type { Warn } from '../journal/engine.js'
import { createJournalBackend } from '../journal/journal-backend.js'
import { blobFolders } from './blob-folders.js'
import { CHECK_MOUNT } from './assert-present.js'
import { createLocalBlobStore } from './blob-store.js'
import { assertEmpty, createStore } from './create-store.js'
import { createLocalLogStore } from './log-store.js'
import { checkStoredPolicy, decodeStoreFile, type StoreFile } from './store-file.js'

/** Options of {@link openLocalBackend}. */
export interface LocalBackendOptions {
  /** The store's folder. */
  root: string
  /** @default the machine's file system */
  fs?: StoreFs | undefined
  /** @default the machine's clock and randomness */
  sources?: Sources | undefined
  /** Whether acknowledged changes survive a power cut, and not only the end of the process. @default true */
  durable?: boolean | undefined
  /** Make the store when there is none. @default true */
  create?: boolean | undefined
  /** Rules of a store that is made now. One that is there keeps its own; others given here are a CONFLICT. */
  policy?: Policy | undefined
  /** See `JournalBackendOptions.warn`. */
  warn?: Warn | undefined
  /** Whose temporary files these will be. @default this process */
  processInfo?: { hostname: string; pid: number } | undefined
}

/**
 * Opens the store in a folder, or makes it one. Reading works on a read-only file system, too.
 *
 * @throws {StemmaError} REGISTRY_UNAVAILABLE when there is none and `create` is false; STORE_INVALID when `store.json` is damaged, or
 * when other things lie in the folder; FORMAT_TOO_NEW; UNSUPPORTED for a file system that has neither hard links nor renames of folders that keep what is there; CONFLICT for another policy; NO_SPACE,
 * READ_ONLY, ACCESS_DENIED, IO.
 */
export async function openLocalBackend(options: LocalBackendOptions): Promise<Backend> {
  const root = resolve(options.root)
  const { sources = systemSources, durable = true, create = true, policy } = options
  const fs = options.fs ?? createNodeStoreFs(sources)
  const { hostname: host, pid } = options.processInfo ?? { hostname: hostname(), pid: process.pid }
  const random = Buffer.from(sources.randomBytes(8)).toString('hex')
  const writerTag = `${sha256Hex(host).slice(0, 8)}-${pid}`
  const store = { root, fs, sources, durable, policy, writerTag }

  const file = await findOrCreate(store, create)
  checkStoredPolicy(file.policy, policy, root)
  return createJournalBackend({
    location: root,
    log: createLocalLogStore({ ...store, id: file.id, publish: file.publish }),
    blobs: createLocalBlobStore({ ...store, id: file.id }),
    policy: file.policy,
    uploadFolder: blobFolders(root).uploads,
    sources,
    capabilities: { ...JOURNAL_CAPABILITIES, durable, localFiles: true },
    writer: { id: random, library: LIBRARY },
    warn: options.warn
  })
}

async function findOrCreate(store: Parameters<typeof createStore>[0], create: boolean): Promise<StoreFile> {
  try {
    const found = await readStoreFile(store)
    if (found) {
      await restoreFolders(store)
      return found
    }
    if (!create) {
      await assertEmpty(store)
      throw new StemmaError('REGISTRY_UNAVAILABLE', `there is no registry in ${store.root}`, {
        hint: `${CHECK_MOUNT}; STEMMA_REGISTRY may name it. logModel, or openRegistry with create: true, makes a new one.`,
        details: { root: store.root }
      })
    }
    await createStore(store)
    const created = await readStoreFile(store)
    if (created) return created
  } catch (error) {
    throw toStemmaError(error, `cannot open the store ${store.root}`)
  }
  throw new StemmaError('IO', `store.json of ${store.root} is gone right after it was written`, { details: { root: store.root } })
}

async function readStoreFile({ root, fs }: { root: string; fs: StoreFs }): Promise<StoreFile | undefined> {
  const bytes = await fs.readFile(join(root, 'store.json'))
  return bytes && decodeStoreFile(bytes, root)
}

/**
 * Empty folders get lost when a store is copied by a tool that knows files only. Who only reads may not be allowed to make them, and
 * needs none.
 */
async function restoreFolders({ root, fs, durable }: { root: string; fs: StoreFs; durable: boolean }): Promise<void> {
  const { temporary, trash, uploads } = blobFolders(root)
  for (const folder of [temporary, trash, uploads]) {
    if (fs.exists(folder)) continue
    await fs.makeFolder(folder, { mode: 0o700, sync: durable }).catch((error: unknown) => {
      if (systemErrorCode(error) === undefined) throw error
    })
  }
}
