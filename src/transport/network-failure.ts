import { StemmaError } from '../errors/stemma-error.js'
import { AttemptFailure } from './attempt-failure.js'
import type { RequestTarget } from './request-target.js'
import type { Stall, WatchLimits } from './watchdog.js'

/** Codes of the system and of TLS for a connection that never stood. */
const TLS = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/
/** Those of a handshake that the other side answers with something else. */
const NO_TLS = new Set(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST', 'ERR_SSL_UNKNOWN_PROTOCOL'])
const NO_NAME = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_FAIL'])
/** Those of Node's parser: what answers does not speak HTTP. */
const PARSER = /^HPE_/
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/

/**
 * What a failed request means. Of what the HTTP client throws only the code is looked at: everything else of it may hold the token.
 *
 * @param isConnected whether the connection stood, so that the request may have arrived.
 */
export function networkFailure(cause: unknown, { what, details }: RequestTarget, isConnected: boolean): AttemptFailure {
  const code = codeOf(cause)
  const facts = { ...details, cause: code }
  if (code !== undefined && PARSER.test(code) && code !== 'HPE_INVALID_EOF_STATE') {
    return new AttemptFailure(
      new StemmaError('PROTOCOL_ERROR', `${what}: what answered does not speak HTTP (${code})`, { hint: 'Check the address and the port of the registry, and whether it speaks https there.', details: facts })
    )
  }
  if (code !== undefined && NO_TLS.has(code)) {
    return new AttemptFailure(
      new StemmaError('PROTOCOL_ERROR', `${what}: what answered does not speak TLS as https does (${code})`, {
        hint: 'The server may speak plain http at this port: check scheme and port of the address.',
        details: facts
      })
    )
  }
  if (code !== undefined && TLS.test(code)) {
    return new AttemptFailure(
      new StemmaError('REGISTRY_UNAVAILABLE', `${what}: no secure connection to the registry (${code})`, {
        hint: 'Check its certificate; one of an own authority is trusted through NODE_EXTRA_CA_CERTS.',
        retryable: false,
        details: facts
      }),
      { isOutOfReach: true }
    )
  }
  const isUnnamed = code !== undefined && NO_NAME.has(code)
  const problem = isUnnamed ? 'the name of its host is not known' : isConnected ? 'the connection was lost' : 'it cannot be reached'
  return new AttemptFailure(
    new StemmaError('REGISTRY_UNAVAILABLE', `${what}: the registry does not answer: ${problem}${code === undefined ? '' : ` (${code})`}`, {
      hint: 'Check the address, the network, and that the server runs.',
      details: facts
    }),
    { isPassing: true, isOutOfReach: true, isOutcomeOpen: isConnected }
  )
}

const STALLS: Readonly<Record<Stall, (limits: WatchLimits) => string>> = {
  idle: ({ idleMs }) => `nothing came for ${idleMs / 1_000} s`,
  slow: ({ minBytes, windowMs }) => `fewer than ${minBytes} bytes came in ${windowMs / 1_000} s`,
  total: () => 'the time for the call is over'
}

/** What a request means that was given up since it stalled. */
export function stallFailure(stall: Stall, limits: WatchLimits, { what, details }: RequestTarget, isConnected: boolean): AttemptFailure {
  return new AttemptFailure(
    new StemmaError('REGISTRY_UNAVAILABLE', `${what}: the registry does not answer in time: ${STALLS[stall](limits)}`, {
      hint: 'Check the network and the load of the server; slow links want a larger timeoutMs.',
      details: { ...details, cause: stall === 'slow' ? 'TOO_SLOW' : 'TIMEOUT' }
    }),
    { isPassing: true, isOutOfReach: stall !== 'slow', isOutcomeOpen: isConnected }
  )
}

function codeOf(cause: unknown): string | undefined {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' && CODE.test(code) ? code : undefined
}
