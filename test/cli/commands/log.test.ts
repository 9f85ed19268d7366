import { existsSync, writeFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { commandWorkplace } from '../../support/command-workplace.js'

describe('stemma log', () => {
  it('logs files with all that is said of them, and prints the reference alone', async () => {
    const { path, run, json } = commandWorkplace()
    writeFileSync(path('mails.csv'), 'a,b\n')
    const first = await run('log', 'spam', path('out'))
    expect(first).toEqual({ code: 0, out: 'spam@1.0.0\n', err: expect.stringMatching(/^2 files, 16 B, sha256:[0-9a-f]{64}\n$/) as string })
    const [version] = await json(
      ...['log', 'spam', path('out/model.onnx'), path('out/labels.txt'), '--bump', 'minor', '--metric', 'auc=0.93', '--metric', 'loss=1e-3', '--description', 'a description'],
      ...['--param', 'lr=0.01', '--param', 'opt=adam', '--param', 'layers=[1,2]', '--param', 'big=12345678901234567890', '--param', 'eq=a=b', '--tag', 'site=berlin'],
      ...['--dataset', path('mails.csv'), '--dataset', 'loans@2026', '--derived-from', 'spam@1.0.0:fine-tuned', '--alias', 'champion', '--actor', 'ada'],
      ...['--evaluation', '{"slice":"site=berlin","metrics":{"auc":0.9}}', '--preprocessing', path('out/labels.txt')]
    )
    expect(version).toMatchObject({
      version: '1.1.0',
      metrics: { auc: 0.93, loss: 0.001 },
      params: { lr: 0.01, opt: 'adam', layers: [1, 2], big: '12345678901234567890', eq: 'a=b' },
      tags: { site: 'berlin' },
      description: 'a description',
      datasets: [expect.objectContaining({ digest: expect.stringMatching(/^sha256:/) as string }), { name: 'loans', version: '2026' }],
      derivedFrom: [{ name: 'spam', version: '1.0.0', relation: 'fine-tuned' }],
      aliases: ['champion'],
      createdBy: 'ada',
      evaluations: [{ slice: 'site=berlin', metrics: { auc: 0.9 } }],
      artifacts: [{ path: 'labels.txt' }, { path: 'model.onnx' }, { path: 'preprocessing/labels.txt' }],
      code: { state: 'unavailable' }
    })
  })

  it('takes the whole input from a file, JSON or YAML, to which options add', async () => {
    const { path, json } = commandWorkplace()
    writeFileSync(path('run.json'), JSON.stringify({ name: 'spam', artifacts: path('out'), metrics: { auc: 0.9, loss: 1 }, aliases: ['a'], derivedFrom: [] }))
    expect((await json('log', '--metadata', path('run.json'), '--metric', 'auc=0.95', '--alias', 'b'))[0]).toMatchObject({ metrics: { auc: 0.95, loss: 1 }, aliases: ['a', 'b'] })
    writeFileSync(path('run.yaml'), 'metrics:\n  auc: 0.8\nparams:\n  lr: 0.1\n')
    expect((await json('log', 'spam', path('out'), '--metadata', path('run.yaml'), '--version', '3.0.0'))[0]).toMatchObject({ version: '3.0.0', metrics: { auc: 0.8 }, params: { lr: 0.1 } })
  })

  it.each([
    [[], 'wanted a model and the paths of its files', 2],
    [['spam', 'nowhere'], '(SOURCE_UNREADABLE)', 1],
    [['../spam', 'OUT'], '(INVALID_NAME)', 2],
    [['spam', 'OUT', '--derived-from', 'spam@9:quantized'], '(NOT_FOUND)', 3],
    [['spam', 'OUT', '--derived-from', 'spam:copied'], 'relation', 2],
    [['spam', 'OUT', '--derived-from', 'spam'], 'wanted <reference>:<relation> (INVALID_INPUT)\n  For instance spam@1.0.0:quantized. Known relations are fine-tuned, quantized, ', 2],
    [['spam', 'OUT', '--evaluation', '{'], '--evaluation is not JSON', 2],
    [['spam', 'OUT', '--tag', 'password=hunter2-hunter2'], '(SECRET_IN_METADATA)', 1],
    [['spam', 'OUT', '--metadata', 'nowhere.json'], 'nowhere.json does not exist (SOURCE_UNREADABLE)\n  Check the spelling', 1],
    [['spam', 'OUT', '--metadata', 'OUT'], '(SOURCE_UNREADABLE)\n  Name a JSON or YAML file', 1],
    [['spam', 'OUT', '--metadata', 'LIST'], 'wanted an object', 2],
    [['spam', 'OUT', '--metadata', 'TEXT'], 'is not YAML', 2],
    [['spam', 'OUT', '--metadata', 'WRONG'], 'metrics', 2],
    [['spam', 'OUT', '--metadata', 'UNKNOWN'], 'metrix', 2]
  ])('%s: says what is wrong, and ends as documented', async (words, text, code) => {
    const { path, run } = commandWorkplace()
    writeFileSync(path('LIST'), '[]')
    writeFileSync(path('TEXT.yaml'), 'a: [')
    writeFileSync(path('WRONG'), '{"metrics":"high"}')
    writeFileSync(path('UNKNOWN'), '{"metrix":{}}')
    const places: Record<string, string> = { OUT: path('out'), LIST: path('LIST'), TEXT: path('TEXT.yaml'), WRONG: path('WRONG'), UNKNOWN: path('UNKNOWN') }
    const ended = await run('log', ...words.map((word) => places[word] ?? word))
    expect(ended).toMatchObject({ code, out: '', err: expect.stringContaining(text) as string })
    expect(existsSync(path('registry/models/spam'))).toBe(false)
  })

  it('captures what it is not told to leave out', async () => {
    const { path } = commandWorkplace()
    const { runStemma } = await import('../../support/fake-terminal.js')
    const { out } = await runStemma(['log', 'spam', path('out'), '--json', '--skip-capture', 'code', 'hardware', 'environment-files'])
    const version = JSON.parse(out) as Record<string, { state: string; files?: unknown[] }>
    expect([version['code']?.state, version['hardware']?.state, version['environment']?.state, version['environment']?.files ?? []]).toEqual(['unavailable', 'unavailable', 'captured', []])
  })

  it('captures nothing where the file says so, also when an option leaves out a part', async () => {
    const { path } = commandWorkplace()
    const { runStemma } = await import('../../support/fake-terminal.js')
    const states = async (capture: unknown, ...words: string[]): Promise<unknown[]> => {
      writeFileSync(path('run.json'), JSON.stringify({ capture }))
      const { out } = await runStemma(['log', 'spam', path('out/model.onnx'), '--json', '--metadata', path('run.json'), ...words])
      const version = JSON.parse(out) as Record<string, { state: string }>
      return [version['code']?.state, version['hardware']?.state, version['environment']?.state]
    }
    expect(await states(false, '--skip-capture', 'code')).toEqual(['unavailable', 'unavailable', 'unavailable'])
    expect(await states({ environment: false, code: false }, '--skip-capture', 'hardware')).toEqual(['unavailable', 'unavailable', 'unavailable'])
    expect(await states({ environment: false, code: false })).toEqual(['unavailable', 'captured', 'unavailable'])
  })

  it('does not replace without a word what a file has wrong', async () => {
    const { path, run } = commandWorkplace()
    writeFileSync(path('run.json'), '{"metrics":[1]}')
    expect(await run('log', 'spam', path('out'), '--metadata', path('run.json'), '--metric', 'auc=1')).toMatchObject({ code: 2, err: expect.stringContaining('metrics') as string })
  })

  it('queues a model while the registry is out of reach, when it may', async () => {
    const { path, run, json } = commandWorkplace('http://127.0.0.1:1')
    vi.stubEnv('STEMMA_TOKEN', '')
    expect((await run('log', 'spam', path('out'))).code).toBe(6)
    const queued = await run('log', 'spam', path('out'), '--offline', 'queue')
    expect(queued).toMatchObject({ code: 0, out: '', err: expect.stringContaining('until stemma outbox flush') as string })
    expect(await json('outbox', 'list')).toMatchObject([{ name: 'spam', artifactCount: 2 }])
    expect((await run('outbox', 'list')).out).toMatch(/^MODEL +QUEUED +FILES +SIZE +ID\nspam /)
    const flushed = await run('outbox', 'flush')
    expect(flushed).toMatchObject({ code: 6, out: expect.stringMatching(/^still waiting spam, queued /) as string })
    const [{ id } = { id: '' }] = (await json('outbox', 'list')) as { id: string }[]
    expect(await run('outbox', 'discard', id)).toMatchObject({ code: 0, out: `gave up spam, ${id}\n` })
    expect((await run('outbox', 'list')).out).toBe('nothing waits\n')
    expect(await run('outbox', 'discard', id)).toMatchObject({ code: 3, out: '', err: expect.stringContaining('(NOT_FOUND)') as string })
  })
})
