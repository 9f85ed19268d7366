/**
 * Every code that a {@link StemmaError} can carry, with whether the same call may succeed when it is made again unchanged.
 *
 * Each one is a heading in docs/errors.md; a test holds the two lists together.
 */
export const ERROR_CODES = {
  /** An option or argument has the wrong type or an impossible value. */
  INVALID_INPUT: { retryable: false },
  /** A model name breaks the naming rules. */
  INVALID_NAME: { retryable: false },
  /** An artifact path is unsafe, not portable, or collides with another. */
  INVALID_PATH: { retryable: false },
  /** A reference such as `name@production` cannot be read. */
  INVALID_REFERENCE: { retryable: false },
  /** A version is not semver, or has build metadata, which does not tell versions apart. */
  INVALID_VERSION: { retryable: false },
  /** A stage is not known to the registry, or an audience is given where it has no meaning. */
  INVALID_STAGE: { retryable: false },
  /** An alias reads as a version, range, digest, stage or `latest`. */
  INVALID_ALIAS: { retryable: false },
  /** A metadata value cannot be stored faithfully (NaN, a class instance, a cycle, `__proto__`, too deep, too large). */
  INVALID_METADATA: { retryable: false },
  /** A search filter cannot be read. */
  INVALID_QUERY: { retryable: false },
  /** Metadata looks like a secret; the log is immutable, so it is refused. */
  SECRET_IN_METADATA: { retryable: false },
  /** A rule of the registry forbids this move. */
  FORBIDDEN_BY_RULE: { retryable: false },
  /** No such model, version, alias, stage occupant or artifact. */
  NOT_FOUND: { retryable: false },
  /** The version was deleted; its history remains. */
  VERSION_DELETED: { retryable: false },
  /** The version number is already taken. */
  ALREADY_EXISTS: { retryable: false },
  /** Another version is live than the caller expected. */
  CONFLICT: { retryable: false },
  /** A destination folder exists and is not empty. */
  DESTINATION_EXISTS: { retryable: false },
  /** A source file or folder is missing or unreadable. */
  SOURCE_UNREADABLE: { retryable: false },
  /** A source is a symbolic link, socket, device or FIFO. */
  SOURCE_UNSUPPORTED: { retryable: false },
  /** A source changed while it was read. */
  SOURCE_CHANGED: { retryable: true },
  /** Bytes are not those that their digest promises. */
  DIGEST_MISMATCH: { retryable: false },
  /** Bytes that a version needs are not in the store. */
  BLOB_MISSING: { retryable: false },
  /** An event of the journal is damaged or does not continue the chain. */
  LOG_CORRUPT: { retryable: false },
  /** An event of the journal is missing between two others. */
  LOG_GAP: { retryable: true },
  /** The journal is shorter or other than what this process has already seen. */
  ROLLBACK_DETECTED: { retryable: false },
  /** The store, event or record was written by a newer stemma. */
  FORMAT_TOO_NEW: { retryable: false },
  /** The folder is not a stemma store, or its store.json is damaged. */
  STORE_INVALID: { retryable: false },
  /** The disk or the quota is full. Nothing was committed. */
  NO_SPACE: { retryable: true },
  /** The store is on a read-only file system. Nothing was committed. */
  READ_ONLY: { retryable: false },
  /** The operating system denies access. Nothing was committed. */
  ACCESS_DENIED: { retryable: false },
  /** The operating system reported an input or output error. Nothing was committed. */
  IO: { retryable: true },
  /** Other writers won every attempt. Nothing was committed. */
  CONFLICT_RETRIES: { retryable: true },
  /** Whether the change was committed cannot be told now; `resolveCommit` answers later. */
  COMMIT_UNKNOWN: { retryable: false },
  /** This backend cannot do what was asked; the message names the alternative. */
  UNSUPPORTED: { retryable: false },
  /** The registry wants a token, or does not know the one that it was given. */
  UNAUTHENTICATED: { retryable: false },
  /** The token is known, and may not do this. */
  FORBIDDEN: { retryable: false },
  /** Too many calls at once; later it may do. */
  TOO_MANY_REQUESTS: { retryable: true },
  /** What answered does not speak as a stemma registry does, or speaks a version of it that this stemma does not know. */
  PROTOCOL_ERROR: { retryable: false },
  /** The registry cannot be reached. */
  REGISTRY_UNAVAILABLE: { retryable: true },
  /** A limit on size or count is exceeded. */
  TOO_LARGE: { retryable: false },
  /** The registry object was closed. */
  CLOSED: { retryable: false }
} as const satisfies Record<string, { readonly retryable: boolean }>

/** The closed list of error codes, see docs/errors.md. */
export type ErrorCode = keyof typeof ERROR_CODES
