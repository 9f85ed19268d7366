import { StemmaError } from '../errors/stemma-error.js'

/** Where an MLflow registry is. */
export interface MlflowTarget {
  kind: 'mlflow'
  /** `http(s)://host/prefix`. */
  address: string
  /** What its registered models begin with. */
  prefix: string
}

const HINT = 'Write it as mlflow+http://host:5000, or mlflow:// for the server that MLFLOW_TRACKING_URI names.'

/**
 * Reads `mlflow+http(s)://host/prefix`, or `mlflow://`, which means MLFLOW_TRACKING_URI. With `?models=team-` all registered models of the
 * registry begin with `team-`, so that several can share a server.
 *
 * @throws {StemmaError} INVALID_INPUT; UNSUPPORTED for an MLFLOW_TRACKING_URI that is no HTTP server. Says nothing of addresses: they may hold
 * a password.
 */
export function mlflowTarget(target: string): MlflowTarget {
  const isNamed = /^mlflow:/i.test(target)
  const named = isNamed ? trackingUri() : target.slice('mlflow+'.length)
  const url = URL.canParse(named) ? new URL(named) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw new StemmaError('INVALID_INPUT', 'registry target: an MLflow address that cannot be read', { hint: HINT })
  if (!isNamed && (url.username !== '' || url.password !== '')) {
    throw new StemmaError('INVALID_INPUT', 'registry target: an MLflow address with a user or password in it, which would end up in logs', {
      hint: 'Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.'
    })
  }
  const query = isNamed && URL.canParse(target) ? new URL(target).searchParams : url.searchParams
  const prefix = query.get('models') ?? ''
  if ([...query.keys()].some((key) => key !== 'models') || !/^[\w.-]*$/.test(prefix)) {
    throw new StemmaError('INVALID_INPUT', 'registry target: of an MLflow address only ?models=<letters, digits, "_", "." and "-"> is understood', { hint: HINT })
  }
  url.search = ''
  url.hash = ''
  return { kind: 'mlflow', address: url.href, prefix }
}

function trackingUri(): string {
  const uri = process.env['MLFLOW_TRACKING_URI'] ?? ''
  if (/^https?:\/\//i.test(uri)) return uri
  if (uri === '') throw new StemmaError('INVALID_INPUT', 'registry target: mlflow:// stands for MLFLOW_TRACKING_URI, which is not set', { hint: HINT })
  throw new StemmaError('UNSUPPORTED', 'registry target: MLFLOW_TRACKING_URI is no HTTP server', {
    hint: 'Start one with mlflow server, and set MLFLOW_TRACKING_URI to its address. Databricks and stores without a server are not supported.'
  })
}
