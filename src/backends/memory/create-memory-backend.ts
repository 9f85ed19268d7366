import { DEFAULT_POLICY, type Policy } from '../../schemas/policy.js'
import { LIBRARY } from '../../util/library.js'
import { systemSources, type Sources } from '../../util/sources.js'
import type { Backend } from '../backend.js'
import { JOURNAL_CAPABILITIES } from '../journal/capabilities.js'
import { createJournalBackend } from '../journal/journal-backend.js'
import { createMemoryBlobStore } from './blob-store.js'
import { createMemoryLogStore } from './log-store.js'

/** Options of {@link createMemoryBackend}. */
export interface MemoryBackendOptions {
  /** @default the built-in stages, every move allowed */
  policy?: Policy | undefined
  /** @default the machine's clock and randomness */
  sources?: Sources | undefined
}

/** A registry that lives and ends with this process: for tests, and for trying things out. Same engine and rules as the local store. */
export function createMemoryBackend({ policy = DEFAULT_POLICY, sources = systemSources }: MemoryBackendOptions = {}): Backend {
  return createJournalBackend({
    location: 'memory:',
    log: createMemoryLogStore(),
    blobs: createMemoryBlobStore(sources),
    policy,
    sources,
    capabilities: { ...JOURNAL_CAPABILITIES, durable: false, localFiles: false },
    writer: { id: Buffer.from(sources.randomBytes(8)).toString('hex'), library: LIBRARY }
  })
}
