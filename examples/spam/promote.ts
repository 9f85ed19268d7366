// A gate before production: `tsx examples/spam/promote.ts [reference]`. Compares the candidate with the version that is live, on
// the whole and slice by slice, and refuses (exit code 1) what is worse anywhere, or was not measured. Nobody can slip in between: `expectedCurrent`
// makes the promotion fail if another version has gone live since the comparison.
import { compare, findVersion, getVersion, transitionStage, type ModelVersion, type NumberDifference } from 'stemma'
import { percent, runAsProgram } from '../program.js'

/** What the gate decided. */
export interface GateResult {
  candidate: ModelVersion
  /** The version that was live before; absent when there was none. */
  previous: ModelVersion | undefined
  promoted: boolean
  /** Why it was promoted, or why not. */
  reasons: string[]
}

/** Results may get worse by this much before it counts: one mail more or less in a small group. */
const TOLERANCE = 0.025

/** What is judged, and in which direction it gets worse: more good mail blocked, less of the others. */
const WORSE: ReadonlyMap<string, 'more' | 'less'> = new Map([['accuracy', 'less'], ['blocked', 'more'], ['caught', 'less']])

/** Promotes a version of `spam` if it is nowhere worse than the one that is live. */
export async function promote(reference = 'spam@latest'): Promise<GateResult> {
  const candidate = await getVersion(reference)
  const previous = await findVersion('spam@production')
  const differences = previous ? await compare(`spam@${previous.version}`, `spam@${candidate.version}`) : undefined
  const whole = (differences?.metrics ?? []).map((difference) => ({ ...difference, metric: difference.field }))
  const refusals = [
    ...[...WORSE.keys()].filter((metric) => candidate.metrics[metric] === undefined).map((metric) => `${metric}: not measured`),
    ...[...whole, ...(differences?.evaluations ?? [])].filter(isWorse).map(inWords)
  ]
  if (refusals.length > 0) return { candidate, previous, promoted: false, reasons: [...new Set(refusals)] }

  const reasons = previous
    ? [`accuracy ${percent(previous.metrics['accuracy'])} → ${percent(candidate.metrics['accuracy'])}, no slice worse`]
    : ['first release']
  await transitionStage(`spam@${candidate.version}`, 'production', {
    expectedCurrent: previous?.version ?? null,
    actor: 'release-gate',
    reason: reasons.join('; ')
  })
  return { candidate, previous, promoted: true, reasons }
}

/** What the live version has and the candidate lacks is worse too: nobody knows how it does there. */
function isWorse({ metric, b, delta = 0 }: NumberDifference & { metric: string }): boolean {
  const worse = WORSE.get(metric)
  return worse !== undefined && (b === undefined || (worse === 'more' ? delta > TOLERANCE : delta < -TOLERANCE))
}

function inWords({ field, a, b }: NumberDifference): string {
  return b === undefined ? `${field}: not measured` : `${field}: ${percent(a)} → ${percent(b)}`
}

await runAsProgram(import.meta.url, async ([reference]) => {
  const { candidate, promoted, reasons } = await promote(reference)
  console.log(`spam@${candidate.version} ${promoted ? 'promoted' : 'refused'}`)
  for (const reason of reasons) console.log(`  ${reason}`)
  if (!promoted) process.exitCode = 1
})
