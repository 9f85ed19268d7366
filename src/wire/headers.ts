/** Names of headers that are not in node:http's own list, in lower case. */
export const HEADERS = {
  /** The caller's operation id: a repeated request with the same key answers with the first result. */
  idempotencyKey: 'idempotency-key',
  /** In a request: where the chunk begins. In a reply: how many bytes the server holds durably. */
  uploadOffset: 'upload-offset',
  /** The CRC-32 of a chunk: `crc32 <8 lower-case hex digits>`. */
  uploadChecksum: 'upload-checksum',
  /** What the server's access log calls the request; a client may propose one. */
  requestId: 'x-request-id'
} as const
