// What was in production at a given time, and why: `tsx examples/spam/audit.ts [ISO date]`. Without a date: every change so far.
import { getVersion, history, type HistoryEntry, type ModelVersion } from 'stemma'
import { percent, runAsProgram, short } from '../program.js'

/** The version that was live at an instant, and the change that made it so. */
export async function liveAt(instant: string): Promise<{ version: ModelVersion; because: HistoryEntry | undefined }> {
  const version = await getVersion({ name: 'spam', stage: 'production', at: instant })
  let because: HistoryEntry | undefined
  for await (const entry of history('spam')) {
    const wentLive = entry.type === 'rollback' || entry.changes.some((change) => change.field === 'stage' && change.to === 'production')
    if (wentLive && entry.version === version.version && Date.parse(entry.at) <= Date.parse(instant)) because = entry
  }
  return { version, because }
}

/** Every change of `spam`, one line each: when, who, what, why. */
export async function story(): Promise<string[]> {
  const lines: string[] = []
  for await (const { at, actor = 'somebody', type, version, replaced, reason } of history('spam')) {
    const instead = replaced === undefined ? '' : ` instead of ${replaced}`
    lines.push(`${at}  ${actor.padEnd(12)}  ${type.padEnd(10)}  ${version}${instead}${reason === undefined ? '' : `: ${reason}`}`)
  }
  return lines
}

await runAsProgram(import.meta.url, async ([instant]) => {
  if (instant === undefined) {
    for (const line of await story()) console.log(line)
    return
  }
  const { version, because } = await liveAt(instant)
  console.log(`spam@${version.version} (${short(version.digest)}) was in production on ${instant}, right on ${percent(version.metrics['accuracy'])} of mails`)
  if (because) console.log(`since ${because.at}, by ${because.actor ?? 'somebody'}: ${because.reason ?? 'no reason given'}`)
})
