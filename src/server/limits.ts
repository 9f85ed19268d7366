/** What one client may cost a server. All of it can be set; the defaults suit a registry for a team. */
export interface ServerLimits {
  /** Time for the headers of a request to arrive. @default 10_000 */
  headersTimeoutMs: number
  /** Time for a whole request to arrive, its body among it: a chunk of 32 MiB needs 2.3 Mbit/s. @default 120_000 */
  requestTimeoutMs: number
  /** How long a connection is kept without a request; longer than proxies keep theirs. @default 65_000 */
  keepAliveTimeoutMs: number
  /** How often both timeouts are looked at. @default 5_000 */
  connectionsCheckingIntervalMs: number
  /** Time without a byte going out after which a reply that is under way is given up. @default 60_000 */
  stallTimeoutMs: number
  /** Connections at once; more are dropped. @default 2_048 */
  maxConnections: number
  /** Requests on one connection, which is then closed. @default 10_000 */
  maxRequestsPerSocket: number
  /** Bytes of all headers of a request. @default 16_384 */
  maxHeaderBytes: number
  /** Bytes of the address of a request. @default 8_192 */
  maxUrlBytes: number
  /** Requests of one token at once; more are TOO_MANY_REQUESTS. @default 512 */
  maxRequestsPerToken: number
  /** Streams of changes of one token at once. @default 1_024 */
  maxWatchersPerToken: number
  /** Uploads of one token that are open at once. @default 256 */
  maxUploadsPerToken: number
  /** Bytes of one upload. @default 1_099_511_627_776, 1 TiB */
  maxUploadBytes: number
  /** Between two comments that keep a stream of changes alive. @default 15_000 */
  watchCommentMs: number
  /** Between two comments that keep a stream of progress alive. @default 10_000 */
  progressCommentMs: number
}

/** The limits of a server that was told none. */
export const DEFAULT_LIMITS: Readonly<ServerLimits> = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 120_000,
  keepAliveTimeoutMs: 65_000,
  connectionsCheckingIntervalMs: 5_000,
  stallTimeoutMs: 60_000,
  maxConnections: 2_048,
  maxRequestsPerSocket: 10_000,
  maxHeaderBytes: 16_384,
  maxUrlBytes: 8_192,
  maxRequestsPerToken: 512,
  maxWatchersPerToken: 1_024,
  maxUploadsPerToken: 256,
  maxUploadBytes: 1_099_511_627_776,
  watchCommentMs: 15_000,
  progressCommentMs: 10_000
}

/** The names of all limits. */
export const LIMIT_NAMES: readonly (keyof ServerLimits)[] = Object.keys(DEFAULT_LIMITS).filter((name): name is keyof ServerLimits => Object.hasOwn(DEFAULT_LIMITS, name))
