/**
 * Bytes to be stored. `label` is the logical path that errors and progress name.
 * A file is read once, by the one descriptor that was opened for it; its path must be absolute.
 */
export type ByteSource =
  | { readonly kind: 'file'; readonly label: string; readonly path: string; readonly sizeBytes: number }
  | { readonly kind: 'bytes'; readonly label: string; readonly bytes: Uint8Array }
  | { readonly kind: 'stream'; readonly label: string; readonly stream: AsyncIterable<Uint8Array | string> }
