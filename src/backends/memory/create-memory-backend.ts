import type { Policy } from '../../schemas/policy.js'
import { systemSources, type Sources } from '../../util/sources.js'
import type { Backend } from '../backend.js'
import { createJournalBackend, type JournalBackendOptions } from '../journal/journal-backend.js'
import { createMemoryBlobStore } from './blob-store.js'
import { createMemoryLogStore } from './log-store.js'

/** Options of {@link createMemoryBackend}. */
export interface MemoryBackendOptions {
  /** @default the built-in stages, every move allowed */
  policy?: Policy | undefined
  /** @default the machine's clock and randomness */
  sources?: Sources | undefined
  /** Who writes, as each event says. @default a random id and this version of stemma */
  writer?: JournalBackendOptions['writer']
}

/** A registry that lives and ends with this process: for tests, and for trying things out. Same engine and rules as the local store. */
export function createMemoryBackend({ policy, sources = systemSources, writer }: MemoryBackendOptions = {}): Backend {
  return createJournalBackend({
    location: 'memory:',
    log: createMemoryLogStore(),
    blobs: createMemoryBlobStore(sources),
    policy,
    sources,
    capabilities: { durable: false, localFiles: false },
    writer
  })
}
