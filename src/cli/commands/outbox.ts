import { dirname } from 'node:path'
import type { OutboxReport } from '../../registry/flush-outbox.js'
import type { QueuedModel } from '../../registry/outbox/queued-model.js'
import { defineRegistryCommand } from '../define-command.js'
import { EXIT } from '../exit-codes.js'
import { sizeText, timeText } from '../output/amounts.js'
import { plainText } from '../output/plain-text.js'
import type { Column } from '../output/table.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

const QUEUED_COLUMNS: readonly Column<QueuedModel>[] = [
  { title: 'MODEL', value: ({ name }) => name, style: 'strong' },
  { title: 'QUEUED', value: ({ queuedAt }) => timeText(queuedAt) },
  { title: 'FILES', value: ({ artifactCount }) => String(artifactCount), align: 'right' },
  { title: 'SIZE', value: ({ sizeBytes }) => sizeText(sizeBytes), align: 'right' },
  { title: 'ID', value: ({ id }) => id }
]

/** `stemma outbox`: what was logged while the registry was out of reach. */
export function addOutbox(line: CommandLine): void {
  const outbox = line.program.command('outbox').description('Models that were logged with --offline queue while the registry was out of reach')

  defineRegistryCommand(line, { usage: 'list', summary: 'List what waits for this registry, oldest first', examples: ['outbox list', 'outbox list --json'] }, outbox).action(
    async (options: CommonOptions) => {
      await inSession(line, options, async ({ signal, giveAll, withRegistry }) => {
        await withRegistry((registry) => giveAll(registry.outbox({ signal }), QUEUED_COLUMNS, 'nothing waits'))
        return undefined
      })
    }
  )

  defineRegistryCommand(
    line,
    {
      usage: 'flush',
      summary: 'Deliver what waits, each model exactly once, however often it is tried',
      details: `Ends with ${EXIT.unavailable} when some still wait, and with ${EXIT.failed} when the registry refused some: those are tried again each time, until outbox discard.`,
      examples: ['outbox flush']
    },
    outbox
  )
    .option('--no-progress', 'no bar')
    .action(async (options: CommonOptions) => {
      await inSession(line, options, async ({ signal, give, withRegistry, withProgress }) => {
        const report = await withRegistry((registry) => withProgress((onProgress) => registry.flushOutbox({ signal, onProgress })))
        await give(report, () => reportText(report))
        return report.failed.length > 0 ? EXIT.failed : report.waiting.length > 0 ? EXIT.unavailable : undefined
      })
    })

  defineRegistryCommand(
    line,
    {
      usage: 'discard <id>',
      summary: 'Give up what waits, with its bytes: what the registry refuses for good',
      details: 'The id is that of outbox list, and of what outbox flush says was refused.',
      examples: ['outbox discard 0190d4b2-6f3c-7e21-9a55-2f0c4d8e7b10']
    },
    outbox
  ).action(async (id: string, options: CommonOptions) => {
    await inSession(line, options, async ({ signal, give, withRegistry }) => {
      const queued = await withRegistry((registry) => registry.discardQueued(id, { signal }))
      await give({ id, discarded: true, queued }, () => `${plainText(`gave up ${queued?.name ?? 'what could not be read'}, ${id}`)}\n`)
      return undefined
    })
  })
}

function reportText({ delivered, failed, waiting, because }: OutboxReport): string {
  const why = because === undefined ? '' : `: ${because.message}`
  const lines = [
    ...delivered.map(({ name, version }) => `delivered ${name}@${version}`),
    ...failed.map(({ id, folder, queued, error }) => `refused ${queued?.name ?? 'what cannot be read'}, ${id} in ${dirname(folder)}: ${error.message} (${error.code})`),
    ...waiting.map(({ name, queuedAt }) => `still waiting ${name}, queued ${timeText(queuedAt)}${why}`)
  ]
  return lines.length === 0 ? 'nothing waits\n' : `${lines.map(plainText).join('\n')}\n`
}
