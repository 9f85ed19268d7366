// What decided about an applicant on a given day, and why it was allowed to, as Markdown:
// `tsx examples/credit-model/audit-report.ts <model> <ISO date> [audience] > report.md`. Works for every model, not only for this one.
import { getVersion, history, verify, type Captured, type LiveSince, type ModelVersion, type VerificationReport } from 'stemma'
import { percent, runAsProgram } from '../program.js'

/** The report on the version that was live at `instant`. @throws {StemmaError} NOT_FOUND when none was. */
export async function auditReport(name: string, instant: string, audience = 'default'): Promise<string> {
  const version = await getVersion({ name, stage: 'production', audience, at: instant })
  const until = await replacedAt(version, instant, audience)
  const verification = await verify(`${name}@${version.version}`)
  return [
    `# Audit report: ${name}, decision of ${instant}`,
    section('Which model decided', [
      `- **${name}@${version.version}**, \`${version.digest}\``,
      ...version.live.filter((live) => live.audience === audience).map(whoAndWhy),
      `- ${until ?? 'it is live to this day'}`,
      `- ${version.description ?? 'it has no description'}`
    ]),
    section('Who approved it', version.approvals.map(({ by, decision, comment, at }) => `- ${at}: ${decision} by ${by}${comment === undefined ? '' : `: “${comment}”`}`)),
    section('What it was made from', [
      ...version.datasets.map(({ name: data, version: release, role, digest }) => `- ${role ?? 'data'}: ${data}${release === undefined ? '' : `@${release}`}, \`${digest ?? 'no digest'}\``),
      `- code: ${codeInWords(version.code)}`,
      `- environment: ${environmentInWords(version.environment)}`,
      `- parameters: \`${JSON.stringify(version.params)}\``
    ]),
    section('What it decided by', table(['feature', 'importance'], Object.entries(version.featureImportance).sort(([, a], [, b]) => b - a).map(([feature, share]) => [feature, percent(share)]))),
    section('How it treats each group', groups(version)),
    section('Is the evidence intact', evidence(version, verification))
  ].join('\n\n')
}

/** How the version stopped to be live after `instant`, from the history. */
async function replacedAt({ name, version }: ModelVersion, instant: string, audience: string): Promise<string | undefined> {
  const after = new Date(instant).toISOString()
  for await (const { at, changes, version: by, actor = 'somebody', reason = 'no reason given' } of history(name)) {
    const change = changes.find(({ version: changed, field }) => changed === version && field === 'audiences')
    if (at <= after || !change || (Array.isArray(change.to) && change.to.includes(audience))) continue
    return `it was live until ${at}, when ${by === version ? 'it was taken out' : `${by} took its place`}, by ${actor}: ${reason}`
  }
  return undefined
}

function whoAndWhy({ audience, at, by = 'somebody', reason = 'no reason given', action, replaced = 'nothing' }: LiveSince): string {
  return `- live for ${audience} since ${at}, by ${by} (${action}, instead of ${replaced}): ${reason}`
}

function codeInWords(code: Captured['code']): string {
  if (code.state === 'unavailable') return `not captured: ${code.reason}`
  const changes = code.dirty === true ? `, with uncommitted changes ${code.diffDigest ?? ''}` : code.dirty === false ? ', nothing uncommitted' : ''
  return `commit \`${code.commit ?? 'none'}\`${changes}${code.entryPoint === undefined ? '' : `, program ${code.entryPoint}`}`
}

function environmentInWords(environment: Captured['environment']): string {
  if (environment.state === 'unavailable') return `not captured: ${environment.reason}`
  const { runtime, os, lockfile, digest } = environment
  return `${runtime.name} ${runtime.version}, ${os.platform} ${os.arch}, lockfile ${lockfile?.digest ?? 'none'}, \`${digest}\``
}

function groups({ metrics, evaluations }: ModelVersion): string[] {
  const names = Object.keys(metrics).filter((name) => evaluations.some((evaluation) => evaluation.metrics[name] !== undefined))
  const row = (label: string, values: Record<string, number>): string[] => [label, ...names.map((name) => values[name]?.toLocaleString('en', { maximumFractionDigits: 3 }) ?? 'n/a')]
  return table(['group', ...names], [row('everybody', metrics), ...evaluations.map(({ slice = 'everybody', metrics: values }) => row(slice, values))])
}

function evidence({ digest }: ModelVersion, { ok, blobs, bytes, events, problems }: VerificationReport): string[] {
  if (!ok) return ['**No.**', '', ...problems.map(({ code, message }) => `- ${code}: ${message}`)]
  return [`Yes. ${blobs} files, ${bytes} bytes, were read again and are what \`${digest}\` says; the chain of all ${events} events of the journal holds.`]
}

function section(title: string, lines: readonly string[]): string {
  return [`## ${title}`, '', ...(lines.length === 0 ? ['Nothing is recorded.'] : lines)].join('\n')
}

function table(header: readonly string[], rows: readonly string[][]): string[] {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
}

await runAsProgram(import.meta.url, async ([name, instant, audience]) => {
  if (name === undefined || instant === undefined) throw new RangeError('name a model and a date: credit/affordability 2026-03-01T12:00:00Z')
  console.log(await auditReport(name, instant, audience))
})
