import type { ModelSummary } from '../../schemas/model-version.js'
import { defineRegistryCommand } from '../define-command.js'
import { timeText } from '../output/amounts.js'
import type { Column } from '../output/table.js'
import { VERSION_COLUMNS } from '../output/version-columns.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

interface ListOptions extends CommonOptions {
  deleted?: boolean
}

const MODEL_COLUMNS: readonly Column<ModelSummary>[] = [
  { title: 'MODEL', value: ({ name }) => name, style: 'strong' },
  { title: 'VERSIONS', value: ({ versionCount }) => String(versionCount), align: 'right' },
  { title: 'LATEST', value: ({ latest }) => latest, style: 'name' },
  { title: 'IN PRODUCTION', value: ({ production }) => Object.entries(production).map(([audience, version]) => `${version} for ${audience}`) },
  { title: 'CHANGED', value: ({ updatedAt }) => timeText(updatedAt) }
]

/** `stemma list`: all models, or the versions of one. */
export function addList(line: CommandLine): void {
  defineRegistryCommand(line, {
    usage: 'list [model]',
    summary: 'List the models, or the versions of one, newest first',
    examples: ['list', 'list spam', "list spam --json | jq -r '.version + \" \" + .stage'"]
  })
    .alias('ls')
    .option('--deleted', 'also versions that were deleted')
    .action(async (model: string | undefined, options: ListOptions) => {
      await inSession(line, options, async ({ signal, giveAll, withRegistry }) => {
        await withRegistry(async (registry) => {
          if (model === undefined) await giveAll(registry.models({ signal }), MODEL_COLUMNS, `no models in ${registry.location}`)
          else await giveAll(registry.versions(model, { signal, includeDeleted: options.deleted }), VERSION_COLUMNS, 'no versions but deleted ones')
        })
        return undefined
      })
    })
}
