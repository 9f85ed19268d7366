// A gate for CI, for any model: `tsx examples/ci-gate/gate.ts <reference> [rules.json] [result.json]`. Holds a candidate against what is in
// production, on the whole and per slice. Accepted: promoted, exit code 0. Refused: exit code 1. Either way a
// table tells people why, in the summary of the job too, where the CI system has one, and result.json tells machines. workflow.yml runs it.
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { findVersion, getVersion, transitionStage, type Evaluation, type ModelVersion } from 'stemma'
import * as z from 'zod'
import { runAsProgram } from '../program.js'

const rulesSchema = z.array(z.strictObject({
  metric: z.string(),
  /** Absent: the whole; `*`: each slice that the candidate or the live version was measured on. */
  slice: z.string().optional(),
  least: z.number().optional(),
  most: z.number().optional(),
  /** By how much it may be below, or above, what is live. */
  mayFall: z.number().optional(),
  mayRise: z.number().optional()
}))
/** What a candidate has to keep. What is not measured keeps nothing. */
export type Rule = z.infer<typeof rulesSchema>[number]

/** One rule, held against one number. */
export interface Check {
  /** `all`, or the data set and the slice. */
  where: string
  metric: string
  live: number | undefined
  candidate: number | undefined
  /** Empty: the rule is kept. */
  broken: string[]
}

/** Holds a candidate against the rules and against what is live. */
export function check(candidate: ModelVersion, live: ModelVersion | undefined, rules: readonly Rule[]): Check[] {
  const [now, before] = [measured(candidate), live ? measured(live) : new Map<string, Measured>()]
  const places = new Map([...before, ...now])
  return rules.flatMap((rule) => {
    const concerned = [...places].filter(([, { slice }]) => (rule.slice === '*' ? slice !== undefined : slice === rule.slice)).map(([where]) => where)
    return (concerned.length === 0 ? [rule.slice ?? 'all'] : concerned).map((where) => {
      const numbers = { live: before.get(where)?.metrics[rule.metric], candidate: now.get(where)?.metrics[rule.metric] }
      return { where, metric: rule.metric, ...numbers, broken: broken(rule, numbers) }
    })
  })
}

type Measured = Pick<Evaluation, 'slice' | 'metrics'>

/** What was measured, by where. */
function measured({ metrics, evaluations }: ModelVersion): Map<string, Measured> {
  const slices = evaluations.filter(({ slice }) => slice !== undefined)
  return new Map([['all', { metrics }], ...slices.map((evaluation) => [`${evaluation.dataset ?? '*'}/${evaluation.slice}`, evaluation] as const)])
}

function broken({ least = -Infinity, most = Infinity, mayFall = Infinity, mayRise = Infinity }: Rule, { live, candidate }: Pick<Check, 'live' | 'candidate'>): string[] {
  if (candidate === undefined) return ['not measured']
  return [
    ...(candidate < least ? [`below ${least}`] : []),
    ...(candidate > most ? [`above ${most}`] : []),
    ...(live !== undefined && live - candidate > mayFall ? [`falls by more than ${mayFall}`] : []),
    ...(live !== undefined && candidate - live > mayRise ? [`rises by more than ${mayRise}`] : [])
  ]
}

/** The checks as a Markdown table. */
export function summary(title: string, checks: readonly Check[]): string {
  const number = (value: number | undefined): string => value?.toFixed(4) ?? '–'
  const rows = checks.map(({ where, metric, live, candidate, broken: faults }) =>
    `| ${faults.length === 0 ? '✅' : '❌'} | ${where} | ${metric} | ${number(live)} | ${number(candidate)} | ${faults.join(', ')} |`
  )
  return [`## ${title}`, '', '| | where | metric | live | candidate | |', '|---|---|---|---|---|---|', ...rows, ''].join('\n')
}

await runAsProgram(import.meta.url, async ([reference, rulesFile = fileURLToPath(new URL('rules.json', import.meta.url)), resultFile]) => {
  if (reference === undefined) throw new RangeError('name a candidate: spam@1.2.0')
  const rules = rulesSchema.parse(JSON.parse(await readFile(rulesFile, 'utf8')))
  const candidate = await getVersion(reference)
  const { name, version } = candidate
  const live = await findVersion({ name, stage: 'production' })
  const checks = check(candidate, live, rules)
  const accepted = checks.every(({ broken: faults }) => faults.length === 0)

  // Fails with CONFLICT if another version went live since it was asked for: then this comparison says nothing.
  if (accepted) {
    const actor = process.env['GITHUB_ACTOR'] ?? 'ci'
    const reason = `gate: ${checks.length} checks kept${live ? ` against ${live.version}` : ', first release'}`
    await transitionStage(`${name}@${version}`, 'production', { expectedCurrent: live?.version ?? null, actor, reason })
  }
  const table = summary(`${name}@${version} is ${accepted ? 'promoted' : 'refused'} (live before: ${live?.version ?? 'nothing'})`, checks)
  if (resultFile !== undefined) await writeFile(resultFile, `${JSON.stringify({ name, version, live: live?.version ?? null, accepted, checks }, null, 2)}\n`)
  const jobSummary = process.env['GITHUB_STEP_SUMMARY']
  if (jobSummary !== undefined) await appendFile(jobSummary, table)
  console.log(table)
  if (!accepted) process.exitCode = 1
})
