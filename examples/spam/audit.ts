// What was in production at a given time, and why: `tsx examples/spam/audit.ts [ISO date]`. Without a date: every change so far.
import { getVersion, history, type LiveSince, type ModelVersion } from 'stemma'
import { percent, runAsProgram, short } from '../program.js'

/** The version that was live at an instant, and since when it was, by whom and why. */
export async function liveAt(instant: string): Promise<{ version: ModelVersion; since: LiveSince | undefined }> {
  const version = await getVersion({ name: 'spam', stage: 'production', at: instant })
  return { version, since: version.live.find(({ audience }) => audience === 'default') }
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
  const { version, since } = await liveAt(instant)
  console.log(`spam@${version.version} (${short(version.digest)}) was in production on ${instant}, right on ${percent(version.metrics['accuracy'])} of mails`)
  if (since) console.log(`since ${since.at}, by ${since.by ?? 'somebody'}: ${since.reason ?? 'no reason given'}`)
})
