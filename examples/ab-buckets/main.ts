// Two candidates tried on live traffic: `tsx examples/ab-buckets/main.ts`. Each bucket is an audience with a version of its own; users are
// split by a hash, so that everybody stays in their bucket. What was measured is added to the versions afterwards, and the bucket that
// does worse is rolled back by one call, which the other one does not notice.
import { getModel, history, rollback, transitionStage, updateMetadata } from 'stemma'
import { percent, runAsProgram } from '../program.js'
import { GROUPS, readMails, type Mail } from '../spam/corpus.js'
import { readFilter } from '../spam/files.js'
import { predict } from '../spam/model.js'
import { train } from '../spam/train.js'
import { AUDIENCES, audienceOf, EXPERIMENT, type Audience } from './audience-of.js'

/** What happened to the mails of an audience. */
export interface Results {
  mails: number
  blocked: number
  caught: number
}

/** Lets each audience's own version judge its users' mails. The corpus names no recipients, so mails are dealt to 500 users in turn. */
export async function serveTraffic(): Promise<Record<Audience, Results>> {
  const traffic = new Map<Audience, Mail[]>(AUDIENCES.map((audience) => [audience, []]))
  const mails = GROUPS.flatMap((group) => readMails(group, 'test'))
  for (const [index, mail] of mails.entries()) traffic.get(audienceOf(`user-${index % 500}`))?.push(mail)

  const results = { default: none(), 'bucket-a': none(), 'bucket-b': none() }
  for (const [audience, received] of traffic) {
    // Nothing falls back: if no version were live for the bucket, this would be NOT_FOUND, and not silently the default one.
    const { filter, threshold } = await readFilter(await getModel({ name: 'spam', stage: 'production', audience }))
    const flagged = (isSpam: boolean): number => {
      const judged = received.filter((mail) => mail.isSpam === isSpam)
      return judged.filter((mail) => predict(filter, mail.words) >= threshold).length / judged.length
    }
    results[audience] = { mails: received.length, blocked: flagged(false), caught: flagged(true) }
  }
  return results
}

/** What was live for whom after each change, and why it changed. */
export async function timeline(): Promise<string[]> {
  const live = new Map<string, string>()
  const lines = [`${'when'.padEnd(24)}  ${AUDIENCES.map((audience) => audience.padEnd(9)).join(' ')}  what and why`]
  for await (const { at, type, audience, version, reason, changes } of history('spam')) {
    if (audience !== undefined) live.set(audience, version)
    const columns = AUDIENCES.map((name) => `${name === audience ? '→' : ' '}${live.get(name) ?? '–'}`.padEnd(9)).join(' ')
    const measured = changes.filter(({ field }) => field.startsWith('metrics.bucket'))
    if (audience !== undefined || measured.length > 0) lines.push(`${at}  ${columns}  ${type} ${version}: ${reason ?? 'no reason given'}`)
  }
  return lines
}

function none(): Results {
  return { mails: 0, blocked: 0, caught: 0 }
}

async function goLive(version: string, audience: Audience, reason: string): Promise<void> {
  await transitionStage(`spam@${version}`, 'production', { audience, actor: 'experiment', reason })
}

await runAsProgram(import.meta.url, async () => {
  const { version: old } = await train('first')
  for (const audience of AUDIENCES) await goLive(old, audience, 'first release')
  const candidates = { 'bucket-a': (await train('more-spam')).version, 'bucket-b': (await train('everything')).version }
  await goLive(candidates['bucket-a'], 'bucket-a', `${EXPERIMENT}: trained on more spam`)
  await goLive(candidates['bucket-b'], 'bucket-b', `${EXPERIMENT}: trained on everything`)

  const results = await serveTraffic()
  for (const [audience, { mails, blocked, caught }] of Object.entries(results)) {
    console.log(`${audience.padEnd(9)} ${mails} mails: ${percent(blocked)} of good mail blocked, ${percent(caught)} of spam caught`)
  }

  for (const bucket of ['bucket-a', 'bucket-b'] as const) {
    const { mails, blocked, caught } = results[bucket]
    const metrics = { [`${bucket}/mails`]: mails, [`${bucket}/blocked`]: blocked, [`${bucket}/caught`]: caught }
    await updateMetadata(`spam@${candidates[bucket]}`, { metrics, reason: `${EXPERIMENT}: measured on live traffic` }, { actor: 'experiment' })
    if (blocked <= results.default.blocked) continue
    const reason = `${EXPERIMENT}: blocks ${percent(blocked)} of good mail, default only ${percent(results.default.blocked)}`
    const back = await rollback('spam', { audience: bucket, expectedCurrent: candidates[bucket], actor: 'experiment', reason })
    console.log(`${bucket} is back at ${back.version}`)
  }

  console.log()
  for (const line of await timeline()) console.log(line)
})
