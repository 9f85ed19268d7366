// The whole story in one program: `npm run quickstart`. Trains a spam filter on real mail, logs it, promotes it, serves it, trains
// better ones, refuses a worse one, swaps the served model, rolls it back, and asks where it came from and what was live when.
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getVersion, search, verify, type ModelVersion } from 'stemma'
import * as z from 'zod'
import { percent, runAsProgram, short } from './program.js'
import { liveAt, story } from './spam/audit.js'
import { readMails } from './spam/corpus.js'
import { drawLineage } from './spam/lineage.js'
import { promote } from './spam/promote.js'
import { goBack } from './spam/rollback.js'
import { startService } from './spam/serve.js'
import { train } from './spam/train.js'

const predictionSchema = z.object({ spam: z.boolean(), probability: z.number(), model: z.string() })
let steps = 0

await runAsProgram(import.meta.url, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stemma-quickstart-'))
  process.env['STEMMA_REGISTRY'] = join(folder, 'registry')
  process.env['STEMMA_CACHE'] = join(folder, 'cache')
  console.log(`A spam filter, from training to rollback, on 6,046 real mails.\nRegistry: ${folder}/registry`)

  step('Train and log a first version')
  show(await train('first'))

  step('Promote it: nothing is live yet, so the gate lets it through')
  say(await gate())

  step('Serve what is in production')
  const service = await startService()
  const newsletter = readMails('hard-ham-1', 'test')[10]?.text ?? ''
  const title = newsletter.trim().split('\n', 1).join()
  say(`at ${service.url}`)
  say(`"${title}" is ${await ask(service.url, newsletter)}`)

  step('Train on more spam: better on the whole, worse where it hurts')
  show(await train('more-spam'))
  say(await gate())

  step('Train on everything, newsletters too')
  show(await train('everything'))
  const swapped = once(service.events, 'serving')
  say(await gate())

  step('The service has followed, without a restart')
  await swapped
  say(`"${title}" is ${await ask(service.url, newsletter)}`)

  step('Roll back: one change, the old bytes verified before')
  const swappedBack = once(service.events, 'serving')
  const back = await goBack('mailbox owners report missed spam')
  await swappedBack
  say(`spam@${back.version} (${short(back.digest)}) is live again; the service serves ${service.model().version.version}`)
  await service.stop()

  step('Where did 1.0.2 come from?')
  say((await drawLineage('spam@1.0.2')).trimEnd())

  step('Which versions block less than 2 % of good mail?')
  for await (const { name, version, metrics } of search('metrics.blocked < 0.02 and tags.recipe exists')) {
    say(`${name}@${version}: ${percent(metrics['blocked'])}`)
  }

  step('Who changed what, when, and why?')
  for (const line of await story()) say(line)

  const then = (await getVersion('spam@1.0.2')).createdAt
  step(`What was in production at ${then}, and why?`)
  const { version, since } = await liveAt(then)
  say(`spam@${version.version}, by ${since?.by ?? 'somebody'}: ${since?.reason ?? 'no reason given'}`)

  step('Is every byte and every event still as it was written?')
  const report = await verify()
  say(report.ok ? `yes: ${report.events} events, ${report.blobs} blobs, ${report.bytes} bytes` : report.problems.map(({ message }) => message).join('\n'))
})

/** A version, as far as a person wants to see it. */
function show({ name, version, digest, metrics, evaluations, training }: ModelVersion): void {
  const newsletters = evaluations.find(({ slice }) => slice === 'group=hard-ham-1')
  say(`${name}@${version} ${short(digest)}, trained in ${((training?.durationMs ?? 0) / 1000).toFixed(1)} s`)
  say(
    `accuracy ${percent(metrics['accuracy'])} | spam caught ${percent(metrics['caught'])} | good mail blocked ${percent(metrics['blocked'])}, ` +
      `newsletters ${percent(newsletters?.metrics['blocked'])}`
  )
}

async function gate(): Promise<string> {
  const { candidate, promoted, reasons } = await promote()
  return [`gate: ${candidate.version} ${promoted ? 'promoted' : 'REFUSED'}`, ...reasons].join('\n  ')
}

async function ask(url: string, text: string): Promise<string> {
  const response = await fetch(`${url}/predict`, { method: 'POST', body: JSON.stringify({ text }) })
  const { spam, probability, model } = predictionSchema.parse(await response.json())
  return `${spam ? 'taken for spam' : 'let through'} by ${model} (probability ${probability.toFixed(4)})`
}

function step(title: string): void {
  steps += 1
  console.log(`\n${steps}. ${title}`)
}

function say(text: string): void {
  console.log(text.replace(/^/gm, '   '))
}
