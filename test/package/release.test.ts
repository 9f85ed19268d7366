import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { releaseProblems, type ReleaseInput } from './release-problems.js'
import { manifest, ROOT } from './workspace.js'

const ready: ReleaseInput = { tag: 'v1.2.3', version: '1.2.3', repository: 'git+https://example.com/stemma.git', changelog: '# Changelog\n\n## [1.2.3] - 2026-03-01\n' }

describe('a release', () => {
  it.each([
    { what: 'when all fits', change: {}, problem: undefined },
    { what: 'of another version', change: { tag: 'v1.2.4' }, problem: /tag is v1\.2\.4/ },
    { what: 'from nowhere', change: { repository: undefined }, problem: /no repository/ },
    { what: 'that the changelog does not know', change: { changelog: '## [1.2.2] - 2026-02-01\n' }, problem: /no heading/ },
    { what: 'that the changelog calls unreleased', change: { changelog: '## [1.2.3] - unreleased\n' }, problem: /no date/ }
  ])('$what', ({ change, problem }) => {
    const problems = releaseProblems({ ...ready, ...change })
    if (problem === undefined) expect(problems).toEqual([])
    else {
      expect(problems).toHaveLength(1)
      expect(problems[0]).toMatch(problem)
    }
  })

  it('is in the changelog', () => {
    expect(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8')).toContain(`## [${manifest.version}]`)
  })

  it('is checked before it is published by hand', () => {
    expect(manifest.scripts['prepublishOnly']).toBe('npm run check:release')
  })
})

const stepSchema = z.object({ uses: z.string().optional(), run: z.string().optional() })
const workflowSchema = z.object({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(z.string(), z.object({ permissions: z.record(z.string(), z.string()).optional(), steps: z.array(stepSchema) }))
})

describe.each(readdirSync(join(ROOT, '.github/workflows')))('the workflow %s', (file) => {
  const text = readFileSync(join(ROOT, '.github/workflows', file), 'utf8')
  const workflow = workflowSchema.parse(parse(text))

  it('pins each action to a commit', () => {
    const actions = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []))
    expect(actions.length).toBeGreaterThan(0)
    expect(actions.filter((uses) => !/@[0-9a-f]{40}$/.test(uses))).toEqual([])
  })

  it('may only read, but for the one job that publishes, which runs no tests', () => {
    for (const { permissions = workflow.permissions, steps } of Object.values(workflow.jobs)) {
      const commands = steps.flatMap(({ run }) => run ?? [])
      const rights = Object.entries(permissions).filter(([, right]) => right !== 'read')
      if (commands.some((run) => run.startsWith('npm publish'))) {
        expect(rights).toEqual([['id-token', 'write']])
        expect(commands).toEqual(['npm ci --ignore-scripts', 'npm publish --provenance --access public'])
      } else expect(rights).toEqual([])
    }
  })

  it('runs what CI runs', () => {
    expect(Object.values(workflow.jobs).some(({ steps }) => steps.some(({ run }) => run === 'bash .ci/run'))).toBe(true)
  })

  it('puts nothing of an event into a command', () => {
    expect(Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? [])).filter((run) => run.includes('${{'))).toEqual([])
  })
})
