import * as z from 'zod'
import type { ErrorCode } from '../../errors/codes.js'
import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'

const MAX_MESSAGE = 300

const bodySchema = z.looseObject({ error_code: z.union([z.string(), z.number().transform(String)]), message: z.string().default('') })

const CODES: Readonly<Record<string, ErrorCode>> = {
  RESOURCE_DOES_NOT_EXIST: 'NOT_FOUND',
  NOT_FOUND: 'NOT_FOUND',
  RESOURCE_ALREADY_EXISTS: 'ALREADY_EXISTS',
  ALREADY_EXISTS: 'ALREADY_EXISTS',
  RESOURCE_CONFLICT: 'CONFLICT',
  ABORTED: 'CONFLICT',
  INVALID_PARAMETER_VALUE: 'INVALID_INPUT',
  BAD_REQUEST: 'INVALID_INPUT',
  PERMISSION_DENIED: 'FORBIDDEN',
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  CUSTOMER_UNAUTHORIZED: 'UNAUTHENTICATED',
  REQUEST_LIMIT_EXCEEDED: 'TOO_MANY_REQUESTS',
  RESOURCE_EXHAUSTED: 'TOO_MANY_REQUESTS',
  NOT_IMPLEMENTED: 'UNSUPPORTED',
  ENDPOINT_NOT_FOUND: 'UNSUPPORTED',
  FEATURE_DISABLED: 'UNSUPPORTED',
  TEMPORARILY_UNAVAILABLE: 'REGISTRY_UNAVAILABLE',
  DEADLINE_EXCEEDED: 'REGISTRY_UNAVAILABLE'
}

/** The error that a body of MLflow's own form tells of; `undefined` for any other body. */
export function readMlflowError(body: unknown): StemmaError | undefined {
  const parsed = bodySchema.safeParse(body)
  if (!parsed.success) return undefined
  const { error_code: mlflowCode, message } = parsed.data
  const known = Object.hasOwn(CODES, mlflowCode) ? CODES[mlflowCode] : undefined
  const short = message.replace(/\[SQL:.*$/s, '').replaceAll(/\s+/gu, ' ').trim().slice(0, MAX_MESSAGE)
  return new StemmaError(known ?? 'REGISTRY_UNAVAILABLE', `MLflow answered ${mlflowCode}: ${short}`, {
    // What MLflow calls an internal error is as a rule what it always answers to that request.
    ...(known === undefined ? { retryable: false } : {}),
    details: { mlflowCode }
  })
}

/** Whether a call failed since the server has no such route: older servers answer so, with a page, where newer ones have one. */
export function isMissingRoute(error: unknown): boolean {
  if (!isStemmaError(error)) return false
  const { status } = error.details
  return error.details['mlflowCode'] === 'ENDPOINT_NOT_FOUND' || (error.code === 'PROTOCOL_ERROR' && (status === 404 || status === 405))
}

/** Whether MLflow called it an internal error: among them that others were faster three times at giving a version its number. */
export function isInternalError(error: unknown): boolean {
  return isStemmaError(error) && (error.details['mlflowCode'] === 'INTERNAL_ERROR' || error.details['status'] === 500)
}

/** An error in the words of this backend: the transport speaks of a stemma server. */
export function inOurWords(error: unknown): unknown {
  if (!isStemmaError(error)) return error
  const hint = HINTS[error.code] ?? ownHint(error)
  const message = error.message.replaceAll('not as a stemma registry does', 'not as an MLflow server does')
  if (hint === error.hint && message === error.message) return error
  return new StemmaError(error.code, message, { hint, retryable: error.retryable, details: error.details, cause: error.cause })
}

function ownHint({ hint, message, details }: StemmaError): string | undefined {
  // Servers that want a certificate, and get none or one that they do not know, say no more than that.
  const isCutOff = details['cause'] === 'ECONNRESET' && message.includes(' https://')
  const also = isCutOff ? ' Where it asks for a certificate: MLFLOW_TRACKING_CLIENT_CERT_PATH names it.' : ''
  return hint && hint.replaceAll('stemma server', 'MLflow server').replaceAll('NODE_EXTRA_CA_CERTS', 'MLFLOW_TRACKING_SERVER_CERT_PATH') + also
}

const HINTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  UNAUTHENTICATED: 'Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.',
  FORBIDDEN:
    'Ask whoever runs the MLflow server for the right to edit the registered models concerned, that of .stemma-journal among them; or the server does not know its host name (--allowed-hosts).'
}
