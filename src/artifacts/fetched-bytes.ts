import { isStemmaError, StemmaError } from '../errors/stemma-error.js'

/** A file that is wanted: where it goes, and what its bytes must be. */
export interface WantedFile {
  /** Logical path. */
  path: string
  sizeBytes: number
  /** `sha256:<hex>`. */
  digest: string
}

/** Where the bytes of wanted files come from. */
export interface BytesOrigin {
  /** The bytes from `start` on, from the registry. Need not be checked. */
  fetch: (file: WantedFile, start: number) => AsyncIterable<Uint8Array>
  /** Where the same bytes lie on this machine's disk, to be copied from; `undefined` if they do not. */
  localPath?: ((file: WantedFile) => string | undefined) | undefined
}

const MAX_ATTEMPTS_WITHOUT_BYTES = 2
const MAX_ATTEMPTS = 100

/**
 * The bytes of one file as the registry sends them. Goes on where they stopped, when the stream ends early or fails with an error
 * that allows to try again; ends at once when more arrive than the file has. The digest is for the reader to check.
 *
 * @param start how many of its bytes the reader has already. @default 0
 * @throws {StemmaError} DIGEST_MISMATCH for too many bytes or too few; what `fetch` throws; `signal.reason`.
 */
export async function* fetchedBytes(
  file: WantedFile,
  fetch: BytesOrigin['fetch'],
  signal?: AbortSignal,
  start = 0
): AsyncGenerator<Uint8Array, void> {
  let received = start
  if (received === file.sizeBytes && start > 0) return
  let fruitless = 0
  for (let attempt = 1; ; attempt++) {
    const before = received
    let failure: StemmaError | undefined
    try {
      for await (const chunk of fetch(file, received)) {
        signal?.throwIfAborted()
        received += chunk.byteLength
        if (received > file.sizeBytes) throw wrongSize(file, `more than ${file.sizeBytes}`)
        yield chunk
      }
    } catch (error) {
      signal?.throwIfAborted()
      if (!isStemmaError(error) || !error.retryable) throw error
      failure = error
    }
    if (received === file.sizeBytes && failure === undefined) return
    fruitless = received > before ? 0 : fruitless + 1
    if (fruitless >= MAX_ATTEMPTS_WITHOUT_BYTES || attempt >= MAX_ATTEMPTS) throw failure ?? wrongSize(file, String(received))
  }
}

/** The error for bytes that are not those of the version. */
export function wrongBytes(file: WantedFile, found: string, where: string): StemmaError {
  return new StemmaError('DIGEST_MISMATCH', `${file.path} ${where} is damaged: wanted ${file.digest}, found ${found}`, {
    hint: 'Run verify on the registry: its copy of this artifact has to be restored, or the version logged again.',
    details: { path: file.path, expected: file.digest, found }
  })
}

function wrongSize(file: WantedFile, found: string): StemmaError {
  return new StemmaError('DIGEST_MISMATCH', `${file.path} from the registry is damaged: wanted ${file.sizeBytes} bytes, found ${found}`, {
    hint: 'Run verify on the registry: its copy of this artifact has to be restored, or the version logged again.',
    details: { path: file.path, expected: file.digest, expectedBytes: file.sizeBytes, foundBytes: found }
  })
}
