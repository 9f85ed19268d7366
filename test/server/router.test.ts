import { describe, expect, it } from 'vitest'
import { createRouter } from '../../src/server/router.js'

const DIGEST = `sha256:${'0a'.repeat(32)}`
const matchOf = createRouter()

describe('the router', () => {
  it('finds the routes of a path, whatever the query', () => {
    expect(matchOf('/v1/transitions')?.routes).toEqual(new Map([['POST', 'transition']]))
    expect(matchOf('/v1/version?ref=a/b')).toEqual({ routes: new Map([['GET', 'version']]), params: {} })
  })

  it('gives the parameters decoded, once', () => {
    const routes = new Map([['GET', 'blob'], ['HEAD', 'blobSize']])
    for (const digest of [DIGEST, encodeURIComponent(DIGEST)]) expect(matchOf(`/v1/blobs/${digest}`)).toEqual({ routes, params: { digest: DIGEST } })
  })

  it('takes a name for a parameter only where nothing else has it', () => {
    expect(matchOf('/v1/blobs/keep')?.routes).toEqual(new Map([['POST', 'keepBlobs']]))
  })

  it.each(['/', '/v1', '/v1/transitions/x', '/v1/blobs/a/b', '/constructor', '/v1/__proto__', '/v1/*'])('knows no %s', (url) => {
    expect(matchOf(url)).toBeUndefined()
  })
})
