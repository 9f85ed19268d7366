/** Most bytes of one chunk of an upload, 32 MiB: each request ends long before proxies and servers lose their patience. */
export const MAX_CHUNK_BYTES = 33_554_432
/** Bytes of a chunk unless the caller says otherwise. */
export const DEFAULT_CHUNK_BYTES = 16_777_216
/** Most digests of one question which blobs are stored. */
export const MAX_DIGESTS = 10_000
/** Most blobs of one batch, and most bytes of one of them; larger ones are uploads. */
export const MAX_BATCH_BLOBS = 1_000
/** Most bytes of one blob of a batch, 1 MiB. */
export const MAX_BATCH_BLOB_BYTES = 1_048_576
/** Most bytes of a batch in all, 16 MiB. */
export const MAX_BATCH_BYTES = 16_777_216
/** Most bytes of a body of JSON, 2 MiB: an event has at most one. */
export const MAX_JSON_BYTES = 2_097_152
/** Most keys of one object in JSON, and most values of one array: more than any metadata may have, and few enough to say what is wrong with each. */
export const JSON_LIMITS = { maxKeys: 20_000, maxItems: 100_000 } as const
/** Most items of a page. */
export const MAX_PAGE = 1_000
/** Bytes of JSON after which a page ends early, 4 MiB. */
export const PAGE_BYTES = 4_194_304
/** Most artifacts that a version carries in a reply; those of a larger one are read from its manifest, the blob `digest`. */
export const MAX_INLINE_ARTIFACTS = 1_000
/** Most bytes of the files of a model published in one request, 256 MiB. */
export const MAX_PUBLISH_BYTES = 268_435_456
