export type {
  Backend,
  BackendCapabilities,
  GarbageRequest,
  LineageRequest,
  MutationOptions,
  PutOptions,
  StoredBlob,
  VerifyRequest
} from './backend.js'
export type { CreateVersionRequest, DeleteRequest, RollbackRequest, TransitionRequest, UpdateRequest } from '../schemas/requests.js'
export type { BlobInfo, BlobStore, BlobTrash } from './journal/blob-store.js'
export type { Warn, Writer } from './journal/engine.js'
export { createJournalBackend, type JournalBackendOptions } from './journal/journal-backend.js'
export type { CreateOutcome, LogStore } from './journal/log-store.js'
export type { ByteSource } from '../io/byte-source.js'
export type { LineageOrigin } from '../record/lineage-from.js'
export { readSource } from '../io/read-source.js'
export { createRegistry, type CreateRegistryOptions } from '../registry/create-registry.js'
