import { describe, expect, it } from 'vitest'
import { inOurWords, isInternalError, isMissingRoute, readMlflowError } from '../../../src/backends/mlflow/mlflow-error.js'
import { StemmaError } from '../../../src/errors/stemma-error.js'

describe('mlflow-error', () => {
  it.each([
    ['RESOURCE_DOES_NOT_EXIST', 'NOT_FOUND', false],
    ['RESOURCE_ALREADY_EXISTS', 'ALREADY_EXISTS', false],
    ['PERMISSION_DENIED', 'FORBIDDEN', false],
    ['TEMPORARILY_UNAVAILABLE', 'REGISTRY_UNAVAILABLE', true],
    ['REQUEST_LIMIT_EXCEEDED', 'TOO_MANY_REQUESTS', true],
    ['INTERNAL_ERROR', 'REGISTRY_UNAVAILABLE', false],
    ['constructor', 'REGISTRY_UNAVAILABLE', false]
  ])('reads %s as %s', (error_code, code, retryable) => {
    expect(readMlflowError({ error_code, message: 'a\n b' })).toMatchObject({ code, retryable, message: `MLflow answered ${error_code}: a b`, details: { mlflowCode: error_code } })
  })

  it('reads nothing from what is no error of MLflow', () => {
    for (const body of [undefined, null, 'text', {}, { error: 'x' }]) expect(readMlflowError(body)).toBeUndefined()
  })

  it('tells a route that is not there, and an internal error, from others', () => {
    const page = new StemmaError('PROTOCOL_ERROR', 'x', { details: { status: 404 } })
    const absent = new StemmaError('NOT_FOUND', 'x', { details: { status: 404, mlflowCode: 'RESOURCE_DOES_NOT_EXIST' } })
    expect([page, absent, new Error('x')].map(isMissingRoute)).toEqual([true, false, false])
    expect([readMlflowError({ error_code: 'INTERNAL_ERROR' }), absent].map(isInternalError)).toEqual([true, false])
  })

  it('says where credentials come from', () => {
    const error = new StemmaError('UNAUTHENTICATED', 'GET x answered with status 401 and no body, not as a stemma registry does', { hint: 'Give openRegistry a token' })
    expect(inOurWords(error)).toMatchObject({ message: expect.stringContaining('MLflow server') as string, hint: expect.stringContaining('MLFLOW_TRACKING_TOKEN') as string })
    expect(inOurWords('x')).toBe('x')
  })

  it('names the variables by which MLflow knows authorities and certificates', () => {
    const options = { hint: 'One of an own authority is trusted through NODE_EXTRA_CA_CERTS.' }
    const own = 'One of an own authority is trusted through MLFLOW_TRACKING_SERVER_CERT_PATH.'
    expect(inOurWords(new StemmaError('REGISTRY_UNAVAILABLE', 'x', options))).toMatchObject({ hint: own })
    const cut = (address: string, cause: string): unknown => inOurWords(new StemmaError('REGISTRY_UNAVAILABLE', `GET ${address}: lost`, { hint: 'Check.', details: { cause } }))
    expect(cut('https://h/p', 'ECONNRESET')).toMatchObject({ hint: expect.stringContaining('MLFLOW_TRACKING_CLIENT_CERT_PATH') as string })
    expect(cut('https://h/p', 'ECONNREFUSED')).toMatchObject({ hint: 'Check.' })
    expect(cut('http://h/p', 'ECONNRESET')).toMatchObject({ hint: 'Check.' })
    expect(inOurWords(new StemmaError('REGISTRY_UNAVAILABLE', 'x'))).toMatchObject({ hint: undefined })
  })
})
