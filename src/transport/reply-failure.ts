import { StemmaError } from '../errors/stemma-error.js'
import type { ErrorCode } from '../errors/codes.js'
import { AttemptFailure, type FailureFacts } from './attempt-failure.js'
import type { ReplyHeaders } from './endpoint.js'
import type { RequestTarget } from './request-target.js'
import { readRetryAfter } from './retry-delay.js'

/** A reply that is no success, read. */
export interface FailedReply {
  readonly status: number
  readonly headers: ReplyHeaders
  /** What it says in the registry's own words. */
  readonly error: StemmaError | undefined
  /** What came instead, for the message: `an HTML page titled "Sign in"`. */
  readonly found: string
}

/** Statuses that say: not now. Those of 5xx that say never are left out. */
function isPassing(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501 && status !== 505 && status !== 507)
}

/** Refused before the registry looked whether it knows the key: they say nothing of an attempt before. */
const BEFORE_KEY = new Set([401, 403, 408, 413, 415, 421, 425, 429, 431])

/** Whether an error is the outcome of the change: of 5xx only the one by which the registry says that others were faster. */
function looksAtKey(status: number, { code }: StemmaError): boolean {
  return code === 'CONFLICT_RETRIES' || (status < 500 && !BEFORE_KEY.has(status))
}

/** What a reply that is no success means for the attempt. */
export function replyFailure(reply: FailedReply, target: RequestTarget, nowMs: number): AttemptFailure {
  const afterMs = readRetryAfter(reply.headers['retry-after'], nowMs)
  const { error, status } = reply
  if (error) {
    // The registry looks whether it did what it was asked before, by the key: asked again, it can tell.
    const isUnknown = error.code === 'COMMIT_UNKNOWN'
    return new AttemptFailure(withRequest(error, target, status), {
      isPassing: isPassing(status) && (error.retryable || isUnknown),
      isOutcomeOpen: isUnknown,
      isAnswer: !isUnknown && looksAtKey(status, error),
      afterMs
    })
  }
  return new AttemptFailure(foreignError(reply, target), { ...foreignFacts(status), afterMs })
}

/** Something before the registry answered: for it, only that may be known. */
function foreignFacts(status: number): FailureFacts {
  const isServerSide = status >= 500 || status === 408
  return { isPassing: isPassing(status), isOutOfReach: isServerSide, isOutcomeOpen: isServerSide }
}

function withRequest(error: StemmaError, { details }: RequestTarget, status: number): StemmaError {
  return new StemmaError(error.code, error.message, { hint: error.hint, retryable: error.retryable, details: { ...error.details, ...details, status } })
}

const FOREIGN: Readonly<Record<number, { code: ErrorCode; hint: string; retryable?: boolean }>> = {
  401: { code: 'UNAUTHENTICATED', hint: 'Give openRegistry a token, or set STEMMA_TOKEN.' },
  403: { code: 'FORBIDDEN', hint: 'Something before the registry refuses the request; ask whoever runs it.' },
  407: { code: 'REGISTRY_UNAVAILABLE', hint: 'Give the proxy with its user and password in the option proxy.', retryable: false },
  408: { code: 'REGISTRY_UNAVAILABLE', hint: 'Check the network and the load of the server.' },
  413: { code: 'TOO_LARGE', hint: 'Something before the registry has a lower limit on bodies than the registry; raise it there.' },
  429: { code: 'TOO_MANY_REQUESTS', hint: 'Make fewer calls at once.' }
}

function foreignError({ status, found }: FailedReply, { what, details }: RequestTarget): StemmaError {
  const known = FOREIGN[status] ?? (status >= 500 ? { code: 'REGISTRY_UNAVAILABLE' as const, hint: 'Check the server, and what is before it.' } : undefined)
  return new StemmaError(known?.code ?? 'PROTOCOL_ERROR', `${what} answered with status ${status} and ${found}, not as a stemma registry does`, {
    hint: known?.hint ?? 'Check the address: host, port and path have to lead to a stemma server.',
    details: { ...details, status },
    ...(known?.retryable === undefined ? {} : { retryable: known.retryable })
  })
}
