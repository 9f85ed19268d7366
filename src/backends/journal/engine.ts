import type { writerSchema } from '../../schemas/event.js'
import type { Policy } from '../../schemas/policy.js'
import type { Sources } from '../../util/sources.js'
import type * as z from 'zod'
import type { BlobStore } from './blob-store.js'
import type { Hardener } from './hardener.js'
import type { LogStore } from './log-store.js'
import type { Manifests } from './manifests.js'
import type { ModelStates } from './model-states.js'

/** Who writes events, as each of them says. */
export interface Writer extends z.infer<typeof writerSchema> {}

/** Where a backend says what no result can. */
export type Warn = (message: string, data: Readonly<Record<string, unknown>>) => void

/** What every verb of the journal engine works with. */
export interface Engine {
  readonly location: string
  readonly log: LogStore
  readonly blobs: BlobStore
  readonly policy: Policy
  readonly sources: Sources
  readonly writer: Writer
  readonly states: ModelStates
  readonly hardener: Hardener
  readonly manifests: Manifests
  /** Told what was got over, but should be looked at. */
  readonly warn: Warn
  /** Runs writers of one model in this process one after the other, so that they do not conflict with themselves. */
  readonly exclusive: <T>(model: string, work: () => Promise<T>) => Promise<T>
  /** Work that nobody waits for but `close`; its failure is of no consequence. */
  readonly background: (work: Promise<unknown>) => void
}
