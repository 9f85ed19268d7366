import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openRegistry, type HistoryEntry, type Registry } from 'stemma'
import { all } from '../support/test-registry.js'
import { buildExamples, type Ended, type ExampleProcesses } from './example-processes.js'

let examples: ExampleProcesses

beforeAll(async () => {
  examples = await buildExamples()
}, 60_000)

afterAll(() => examples.remove())

/** Runs a program over a registry of its own, and opens what it left. */
async function runOver(program: string, ...args: string[]): Promise<{ stdout: string; registry: Registry }> {
  const target = join(examples.folder, 'registries', program)
  const stdout = await examples.succeed(program, args, { STEMMA_REGISTRY: target })
  return { stdout, registry: await open(target) }
}

async function open(target: string): Promise<Registry> {
  const registry = await openRegistry(target)
  onTestFinished(() => registry.close())
  return registry
}

describe('the other example programs, each a process of its own', () => {
  it('tries two candidates in buckets, and takes one of them back', async () => {
    const { stdout, registry } = await runOver('ab-buckets/main')
    expect(stdout).toMatch(/^bucket-a .* 7\.4 % of good mail blocked/m)
    expect(stdout).toMatch(/^bucket-a is back at 1\.0\.0$/m)
    const [name] = await all(registry.models())
    expect(name?.production).toEqual({ default: '1.0.0', 'bucket-a': '1.0.0', 'bucket-b': '1.0.2' })
    expect((await registry.getVersion('spam@1.0.1')).metrics['bucket-a/blocked']).toBeCloseTo(0.074, 3)
    expect((await registry.getVersion('spam@1.0.2')).metrics['bucket-b/blocked']).toBeLessThan(0.01)
    const rollbacks = (await all(registry.history('spam'))).filter(({ type }) => type === 'rollback')
    expect(rollbacks).toMatchObject([{ audience: 'bucket-a', version: '1.0.0', replaced: '1.0.1', actor: 'experiment' }])
    expect(stdout.trimEnd().split('\n').at(-2)).toMatch(/Z {3}1\.0\.0 {4}→1\.0\.0 {5}1\.0\.2 {5}rollback 1\.0\.0: summer-filter/)
  })

  it('rolls out to hospital sites, of which some refuse', async () => {
    const { stdout, registry } = await runOver('hospital-sites/main')
    expect(stdout).toContain('site=11  REFUSES 1.0.0: AUC 0.567 is below 0.6')
    expect(stdout).toContain('site=3   REFUSES 1.1.0: AUC would fall, 0.764 → 0.700')
    const [model] = await all(registry.models())
    expect(model?.production).toEqual({ 'site=1': '1.1.0', 'site=12': '1.1.0', 'site=13': '1.1.0', 'site=16': '1.1.0', 'site=22': '1.1.0', 'site=3': '1.0.0' })
    const promotions = (await all(registry.history('oncology/early-death'))).filter(({ type }) => type === 'transition')
    expect(promotions.every(({ actor, audience }: HistoryEntry) => actor === audience)).toBe(true)
    expect(stdout).toMatch(/site=1: 1\.0\.0 since .*\n +1\.1\.0 since/)
    expect(stdout).toMatch(/site=11: nothing\n +nothing\n/)
    expect(stdout).toMatch(/1\.0\.0 does well\n {2}1\.0\.0 is live\n/)
  })

  it('writes an audit report about a decision of the version before', async () => {
    const file = join(examples.folder, 'report.md')
    const { stdout, registry } = await runOver('credit-model/main', file)
    const at = /^(\S+Z): no /.exec(stdout)?.[1] ?? ''
    const report = await readFile(file, 'utf8')
    const [first, second] = await Promise.all([registry.getVersion('credit/affordability@1.0.0'), registry.getVersion('credit/affordability@1.1.0')])
    expect(second.stage).toBe('production')
    const groups = first.evaluations.map(({ slice, metrics }) => [metrics['accuracy'], second.evaluations.find((evaluation) => evaluation.slice === slice)?.metrics['accuracy']])
    expect(groups.filter(([before = 1, after = 0]) => after < before)).toEqual([]) // as the approval says
    expect(report).toContain(`decision of ${at}`)
    expect(report).toContain(`**credit/affordability@1.0.0**, \`${first.digest}\``)
    expect(report).toContain(`- it was live until ${second.stageSince.at}, when 1.1.0 took its place, by release-manager: `)
    expect(report).toMatch(/live for default since \S+Z, by release-manager \(transition, instead of nothing\): approved: every input/)
    expect(report).toMatch(/approved by risk-committee: “every input/)
    expect(report).toContain(first.datasets[0]?.digest)
    if (first.code.state === 'captured') expect(report).toContain(`commit \`${first.code.commit ?? ''}\``)
    expect(report).toContain('| education | 28.8 % |')
    expect(report).toContain('| race=other | 20 | 0.5 | 0.551 | 0.15 | 0.889 |')
    expect(report).toMatch(/Yes\. \d+ files, \d+ bytes, were read again .* all 6 events of the journal holds\.\n$/)
    expect(await examples.succeed('credit-model/audit-report', ['credit/affordability', at], { STEMMA_REGISTRY: join(examples.folder, 'registries/credit-model/main') })).toBe(report)
  })

  it('links a quantized model to its base, and says what it costs', async () => {
    const { stdout, registry } = await runOver('quantized')
    const [base, small] = await Promise.all([registry.getVersion('spam'), registry.getVersion('spam-int8')])
    expect(small.derivedFrom).toEqual([{ name: 'spam', version: '1.0.0', digest: base.digest, relation: 'quantized' }])
    expect(stdout).toContain('model.safetensors: 8140 → 2206 bytes, 27.1 % of it')
    expect(stdout).toContain('2 files are the same, and stored once')
    expect(stdout).toMatch(/all mails, logLoss: 0\.0537\d\d → 0\.0537\d\d/)
    expect(small.metrics['accuracy']).toBe(base.metrics['accuracy'])
    expect(stdout).toMatch(/flowchart LR[\s\S]*-->\|"quantized"\|/)
  })

  it('gates releases in CI', async () => {
    const target = join(examples.folder, 'registries/gate')
    const result = join(examples.folder, 'result.json')
    const jobSummary = join(examples.folder, 'summary.md')
    const variables = { STEMMA_REGISTRY: target, GITHUB_STEP_SUMMARY: jobSummary, GITHUB_ACTOR: 'octocat' }
    const gate = (version: string): Promise<Ended> => examples.run('ci-gate/gate', [`spam@${version}`, 'examples/ci-gate/rules.json', result], variables)
    await examples.succeed('spam/train', ['first', 'more-spam', 'everything'], variables)

    expect(await gate('1.0.0')).toMatchObject({ exitCode: 0, stderr: '' })
    const refused = await gate('1.0.1')
    expect(refused).toMatchObject({ exitCode: 1, stderr: '' })
    expect(refused.stdout).toContain('| ❌ | spam-assassin/group=hard-ham-1 | blocked | 0.7200 | 0.7800 | rises by more than 0.02 |')
    expect(JSON.parse(await readFile(result, 'utf8'))).toMatchObject({ name: 'spam', version: '1.0.1', live: '1.0.0', accepted: false })
    expect(await gate('1.0.2')).toMatchObject({ exitCode: 0 })
    expect(await gate('9.9.9')).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/^NOT_FOUND: spam@9\.9\.9/) as unknown })

    const registry = await open(target)
    expect((await registry.getVersion('spam@production')).live).toMatchObject([{ by: 'octocat', replaced: '1.0.0', reason: 'gate: 11 checks kept against 1.0.0' }])
    expect((await readFile(jobSummary, 'utf8')).match(/^## .*/gm)).toEqual([
      '## spam@1.0.0 is promoted (live before: nothing)',
      '## spam@1.0.1 is refused (live before: 1.0.0)',
      '## spam@1.0.2 is promoted (live before: 1.0.0)'
    ])
  })
})
