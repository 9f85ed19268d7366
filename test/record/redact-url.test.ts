import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redactUrl } from '../../src/record/redact-url.js'

describe('redactUrl', () => {
  it.each([
    ['https://github.com/org/repo.git', 'https://github.com/org/repo.git'],
    ['https://user:hunter2@github.com/org/repo.git', 'https://github.com/org/repo.git'],
    ['https://ghp_token:x-oauth-basic@github.com/org/repo', 'https://github.com/org/repo'],
    ['https://token@github.com/org/repo?access_token=x#y', 'https://github.com/org/repo'],
    ['https://us%40er:p%40ss@host:8443/a', 'https://host:8443/a'],
    ['ssh://git@github.com:22/org/repo.git', 'ssh://github.com:22/org/repo.git'],
    ['git+ssh://user:pass@host/repo', 'git+ssh://host/repo'],
    ['s3://key:secret@bucket/path?x-amz-signature=1', 's3://bucket/path'],
    ['file:///srv/git/repo.git', 'file:///srv/git/repo.git'],
    ['git@github.com:org/repo.git', 'github.com:org/repo.git'],
    ['user:pass@host:path/repo.git', 'host:path/repo.git'],
    ['github.com:org/repo.git', 'github.com:org/repo.git'],
    ['git@[::1]:repo', '[::1]:repo'],
    ['  https://a:b@host/x\n', 'https://host/x']
  ])('%j becomes %j', (address, redacted) => {
    expect(redactUrl(address)).toBe(redacted)
  })

  it.each([
    '',
    '/srv/git/repo.git',
    '../repo',
    'C:\\repos\\x',
    'C:/repos/x',
    'https://',
    'https://user:pa ss@host/x',
    'http:user:pass@host',
    'hunter2',
    'https://user:pass@',
    'x://user:p@ss@/'
  ])('gives a digest for %j', (address) => {
    expect(redactUrl(address)).toMatch(/^sha256:[0-9a-f]{16}$/)
  })

  it('tells equal ones, and different ones apart', () => {
    expect(redactUrl('/a')).toBe(redactUrl('/a'))
    expect(redactUrl('/a')).not.toBe(redactUrl('/b'))
  })

  it('never lets a user, a password, a query or a fragment through', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9!$%&'()*+,;=@:/#?[\]\\ ._~-]{0,12}$/).map((text) => `qzx${text}zqx`)
    const scheme = fc.constantFrom(
      'https://',
      'http://',
      'ssh://',
      'git+https://',
      's3://',
      'mlflow+http://',
      'HTTPS://',
      '',
      'x:',
      'https:',
      'https:/',
      '//'
    )
    fc.assert(
      fc.property(scheme, secret, secret, secret, (prefix, user, password, query) => {
        fc.pre(!/[/?#]/.test(user + password))
        const redacted = redactUrl(`${prefix}${user}:${password}@host.example/org/repo?token=${query}#${query}`)
        expect(redacted).not.toMatch(/qzx|zqx/i)
        expect(redactUrl(`${prefix}${user}@host.example:org/repo`)).not.toMatch(/qzx|zqx/i)
      }),
      { numRuns: 2_000 }
    )
  })
})
