/** What a long operation reports while it works. */
export interface Progress {
  /** The step: `hash`, `store`, `fetch`, `verify`, `collect` … */
  phase: string
  /** The artifact or file at hand, if there is one. */
  path?: string | undefined
  /** Bytes done in this phase so far, over all files. */
  doneBytes: number
  /** Bytes of this phase in all, if known. */
  totalBytes?: number | undefined
}

/** Options that every async verb takes. */
export interface CallOptions {
  /** Stops the call; it then rejects with `signal.reason`, and what was not committed leaves no trace that counts. */
  signal?: AbortSignal | undefined
}

/** Options of verbs that move bytes. */
export interface TransferOptions extends CallOptions {
  /** Called as bytes are done; never after the call has settled. */
  onProgress?: ((progress: Progress) => void) | undefined
}
