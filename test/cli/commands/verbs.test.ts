import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandWorkplace, type CommandWorkplace } from '../../support/command-workplace.js'

const TIME = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\dZ'

/** Two versions of spam, 1.0.0 live, and one that was made from it. */
async function workplace(): Promise<CommandWorkplace> {
  const place = commandWorkplace()
  const { path, run } = place
  await run('log', 'spam', path('out'), '--metric', 'auc=0.91', '--param', 'lr=0.1', '--actor', 'ada')
  writeFileSync(path('out/model.onnx'), 'other weights')
  await run('log', 'spam', path('out'), '--metric', 'auc=0.93', '--param', 'lr=0.1', '--tag', 'site=berlin', '--bump', 'minor')
  await run('log', 'spam-int8', path('out/model.onnx'), '--derived-from', 'spam@1.0.0:quantized')
  expect(await run('stage', 'spam@1.0.0', 'production', '--reason', 'first release', '--actor', 'ada')).toEqual({
    code: 0,
    out: 'spam@1.0.0 is in production for default\n',
    err: ''
  })
  return place
}

describe('commands that look', () => {
  it('list models and versions', async () => {
    const { run, json, path } = await workplace()
    expect((await run('list')).out).toMatch(new RegExp(`^MODEL +VERSIONS +LATEST +IN PRODUCTION +CHANGED\nspam +2 +1\\.1\\.0 +1\\.0\\.0 for default +${TIME}\nspam-int8 +1 +1\\.0\\.0 +${TIME}\n$`))
    expect((await run('ls', 'spam')).out).toMatch(new RegExp(`^VERSION +STAGE +LIVE FOR +METRICS +SIZE +CREATED +BY\n1\\.1\\.0 +none +auc=0\\.93 +22 B +${TIME}\n1\\.0\\.0 +production +default +auc=0\\.91 +16 B +${TIME} +ada\n$`))
    expect(await json('list')).toMatchObject([{ name: 'spam', production: { default: '1.0.0' } }, { name: 'spam-int8' }])
    expect(await json('list', 'spam')).toMatchObject([{ version: '1.1.0' }, { version: '1.0.0' }])
    expect(await run('list', 'span')).toMatchObject({ code: 3, err: expect.stringContaining('stemma list lists those there are') as string })
    // Reading does not make a registry.
    expect(await run('list', '--registry', path('mistyped'))).toMatchObject({ code: 6, out: '', err: expect.stringContaining('(REGISTRY_UNAVAILABLE)') as string })
    expect(readdirSync(path('.'))).not.toContain('mistyped')
  })

  it('take --registry and --json also before the command', async () => {
    const { run, path } = await workplace()
    expect(JSON.parse((await run('--json', '--registry', path('registry'), 'show', 'spam@1.0.0')).out)).toMatchObject({ version: '1.0.0' })
  })

  it('show a version', async () => {
    const { run, json } = await workplace()
    const { out } = await run('show', 'spam@production')
    expect(out).toMatch(/^spam@1\.0\.0\n\ndigest +sha256:[0-9a-f]{64}\nnumber +#1\ncreated +\S+ \S+Z by ada\nstage +production for default since \S+ \S+Z by ada: first release\n/)
    expect(out).toMatch(/\nFILE +SIZE +FORMAT +ROLE +DIGEST\nlabels\.txt +9 B +text +\w+ +sha256:[0-9a-f]{12}\nmodel\.onnx +7 B +onnx +weights +sha256:[0-9a-f]{12}\n$/)
    expect(await json('show', 'spam#1')).toMatchObject([{ version: '1.0.0', artifacts: [{ path: 'labels.txt' }, { path: 'model.onnx' }] }])
    expect(await run('show', 'spam@@')).toMatchObject({ code: 2, err: expect.stringContaining('(INVALID_REFERENCE)') as string })
  })

  it('search', async () => {
    const { run, json } = await workplace()
    expect((await run('search', 'metrics.auc >= 0.92')).out).toMatch(/^MODEL +VERSION +STAGE .*\nspam +1\.1\.0 +none +auc=0\.93 /)
    expect((await json('search', '--order-by', 'metrics.auc', '--limit', '1'))[0]).toMatchObject({ version: '1.0.0' })
    expect((await run('search', 'metrics.auc > 1')).out).toBe('nothing found\n')
    expect(await json('search', 'metrics.auc > 1')).toEqual([])
    expect(await run('search', 'metrics.auc >')).toMatchObject({ code: 2, err: expect.stringMatching(/^stemma: .*line 1, column \d+.*\(INVALID_QUERY\)\n {4}metrics\.auc >\n +\^\n/) as string })
  })

  it('tell the history', async () => {
    const { run, json } = await workplace()
    const { out } = await run('history', 'spam@1.0.0')
    expect(out).toMatch(new RegExp(`\n${TIME} +transition +1\\.0\\.0 +default +stage: none → production +ada +first release\n +audiences: – → default\n$`))
    expect(await json('history', 'spam')).toMatchObject([{ type: 'created' }, { type: 'created' }, { type: 'transition' }])
  })

  it('compare', async () => {
    const { run, json } = await workplace()
    const { code, out } = await run('diff', 'spam@1.0.0', 'spam@1.1.0')
    expect(code).toBe(0)
    expect(out).toMatch(/^spam@1\.0\.0 → spam@1\.1\.0, \+6 B\n\nWHAT +spam@1\.0\.0 +spam@1\.1\.0 +BY\nfile model\.onnx +7 B +13 B +\+6 B\nmetrics\.auc +0\.91 +0\.93 +\+0\.02\n/)
    expect(out).toMatch(/\ntags\.site +– +berlin\n/)
    expect((await run('diff', 'spam@1.0.0', 'spam@1.1.0', '--exit-code')).code).toBe(7)
    expect(await run('diff', 'spam@1.0.0', 'spam@1.0.0', '--exit-code')).toMatchObject({ code: 0, out: expect.stringContaining('no differences') as string })
    expect(await json('diff', 'spam@1.0.0', 'spam@1.1.0')).toMatchObject([{ sameArtifacts: false, sizeDeltaBytes: 6 }])
  })

  it('draw the lineage', async () => {
    const { run, json } = await workplace()
    expect((await run('lineage', 'spam@1.0.0')).out).toBe('spam@1.0.0 (production)\n└─ led to\n   └─ quantized: spam-int8@1.0.0\n')
    expect((await run('lineage', 'spam-int8', '--direction', 'ancestors', '--format', 'mermaid')).out).toMatch(/^flowchart LR\n/)
    expect((await run('lineage', 'spam', '--format', 'dot')).out).toMatch(/^digraph lineage \{\n/)
    expect(await json('lineage', 'spam@1.0.0', '--max-hops', '0')).toMatchObject([{ truncated: true }])
    expect((await run('lineage', '--dataset', 'nothing')).out).toContain('not in this registry')
  })
})

describe('commands that change', () => {
  it('promote, refuse what was not expected, and roll back', async () => {
    const { run, json } = await workplace()
    expect(await run('stage', 'spam@1.1.0', 'production', '--expected-current', 'none')).toMatchObject({ code: 4, out: '', err: expect.stringContaining('leave out --expected-current') as string })
    expect((await run('stage', 'spam@1.1.0', 'production', '--expected-current', '1.0.0', '--audience', 'default')).code).toBe(0)
    expect((await run('stage', 'spam@1.1.0', 'nowhere')).code).toBe(2)
    expect(await run('rollback', 'spam', '--reason', 'error rate doubled')).toEqual({ code: 0, out: 'spam@1.0.0 is in production for default again\n', err: '' })
    expect((await json('history', 'spam')).at(-1)).toMatchObject({ type: 'rollback', version: '1.0.0', replaced: '1.1.0', reason: 'error rate doubled' })
    expect((await run('rollback', 'spam-int8')).code).toBe(3)
  })

  it('change metadata, and delete', async () => {
    const { run, json } = await workplace()
    expect((await run('tag', 'spam@1.1.0', 'reviewed=yes', '--remove', 'site')).out).toBe('spam@1.1.0 is changed\n')
    expect((await run('tag', 'spam@1.1.0', '--remove', 'nope')).out).toBe('spam@1.1.0 is as it was: there was nothing to change\n')
    expect((await run('tag', 'spam@1.1.0', 'reviewed=yes')).out).toBe('spam@1.1.0 is as it was: there was nothing to change\n')
    expect(await json('update', 'spam@1.1.0', '--metric', 'week=0.9', '--alias', 'best', '--approve-by', 'ada', '--comment', 'fine', '--tag', 'x=1', '--description', 'd')).toMatchObject([
      { tags: { reviewed: 'yes', x: '1' }, aliases: ['best'], description: 'd', approvals: [{ by: 'ada', decision: 'approved', comment: 'fine' }] }
    ])
    const [changed] = await json('update', 'spam@best', '--no-description', '--remove-alias', 'best', '--remove-tag', 'x', '--reject-by', 'bob')
    expect(changed).toMatchObject({ aliases: [], tags: { reviewed: 'yes' }, approvals: [{ by: 'ada' }, { by: 'bob', decision: 'rejected' }] })
    expect(changed).not.toHaveProperty('description')
    expect(await run('update', 'spam')).toMatchObject({ code: 2, err: expect.stringContaining('--remove-tag') as string })
    expect((await run('tag', 'spam', 'novalue')).code).toBe(2)
    expect((await run('delete', 'spam@1.0.0', '--reason', 'old')).code).toBe(4)
    expect((await run('delete', 'spam@1.1.0', '--reason', 'old')).out).toBe('spam@1.1.0 is deleted\n')
    expect((await run('get', 'spam@1.1.0')).code).toBe(3)
    expect((await run('list', 'spam', '--deleted')).out).toContain('archived, deleted')
  })

  it('do it once for each operation id', async () => {
    const { run, path, json } = await workplace()
    expect((await run('log', 'spam', path('out'), '--operation-id', 'run-7')).out).toBe('spam@1.1.1\n')
    expect((await run('log', 'spam', path('out'), '--operation-id', 'run-7')).out).toBe('spam@1.1.1\n')
    expect(await json('list', 'spam')).toHaveLength(3)
  })
})

describe('commands that keep', () => {
  it('hand out the files, in the cache or in a folder', async () => {
    const { run, json, path } = await workplace()
    const cached = await run('get', 'spam@production')
    expect([cached.code, readFileSync(join(cached.out.trim(), 'model.onnx'), 'utf8')]).toEqual([0, 'weights'])
    expect(await run('get', 'spam', '--into', path('model'), '--include', '*.txt')).toMatchObject({ code: 0, out: `${path('model')}\n` })
    expect(readdirSync(path('model'))).toEqual(['labels.txt'])
    expect(await run('get', 'spam', '--into', path('model'))).toMatchObject({ code: 1, err: expect.stringContaining('give --overwrite') as string })
    expect((await run('get', 'spam', '--into', path('model'), '--overwrite', '--verify', 'always')).code).toBe(0)
    expect(await json('get', 'spam@production')).toMatchObject([{ dir: cached.out.trim(), source: 'cache', stale: false, healed: [], version: { version: '1.0.0' } }])
  })

  it('hand out what was good last while the registry is gone, and say so', async () => {
    const { run, path } = await workplace()
    const { out } = await run('get', 'spam@production')
    const { renameSync } = await import('node:fs')
    renameSync(path('registry'), path('away'))
    expect((await run('get', 'spam@production')).code).toBe(6)
    expect(await run('get', 'spam@production', '--fallback', 'last-known-good')).toMatchObject({ code: 0, out, err: expect.stringContaining('stemma: warning: ') as string })
  })

  it('verify, and end with 5 when something is damaged', async () => {
    const { run, json, path } = await workplace()
    expect(await run('verify')).toMatchObject({ code: 0, out: expect.stringMatching(/^read 2 models, 3 versions, 4 events, \d+ files of \S+ B: all as it should be\n$/) as string })
    const [version] = (await json('show', 'spam@1.0.0')) as { artifacts: { path: string; digest: string }[] }[]
    const file = path(`registry/blobs/sha256/${version?.artifacts[1]?.digest.slice(7) ?? ''}`)
    chmodSync(file, 0o644)
    writeFileSync(file, 'weighty')
    const damaged = await run('verify')
    expect(damaged).toMatchObject({ code: 5, err: '' })
    expect(damaged.out).toMatch(/^PROBLEM +WHERE +WHAT +NEEDED BY\nDIGEST_MISMATCH +blobs\/sha256\/\S+ .* spam@1\.0\.0:model\.onnx\n/)
    expect(damaged.out).toMatch(/: 1 problem\n$/)
    expect((await run('verify', 'spam@1.0.0')).code).toBe(5)
    // What is damaged does not go live again.
    expect((await run('stage', 'spam@1.1.0', 'production')).code).toBe(0)
    expect(await run('rollback', 'spam')).toMatchObject({ code: 5, err: expect.stringContaining('(DIGEST_MISMATCH)') as string })
  })

  it('collect garbage', async () => {
    const { run, json, path } = await workplace()
    writeFileSync(path('alone.onnx'), 'bytes of no other version')
    await run('log', 'alone', path('alone.onnx'))
    await run('delete', 'alone@1.0.0', '--reason', 'old')
    expect((await run('gc', '--dry-run')).out).toBe('nothing to remove\n')
    expect(await run('gc', '--grace', '0')).toMatchObject({ code: 2, err: expect.stringContaining('--force') as string })
    expect(await run('gc', '--grace', '0', '--force', '--dry-run')).toMatchObject({ code: 0, out: expect.stringContaining('would be moved to the trash') as string })
    expect(await json('gc', '--grace', '0', '--force')).toMatchObject([{ dryRun: false }])
    expect((await run('outbox', 'flush')).out).toBe('nothing waits\n')
  })
})

it('lets nothing from the registry steer the terminal', async () => {
  const { run, path } = commandWorkplace()
  const hostile = '\u001b]0;owned\u0007\u001b[2J\u202e'
  await run('log', 'spam', path('out'), '--tag', `site=${hostile}`, '--description', hostile, '--param', `p=${hostile}`)
  await run('stage', 'spam', 'production', '--reason', hostile)
  for (const words of [['list'], ['list', 'spam'], ['show', 'spam'], ['history', 'spam'], ['lineage', 'spam'], ['search'], ['show', 'spam', '--json'], ['search', `tags.site = '${hostile}`]]) {
    const { out, err } = await run(...words)
    expect([words, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/.exec(out + err)]).toEqual([words, null])
  }
})
