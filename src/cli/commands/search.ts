import { integer } from '../arguments.js'
import { defineRegistryCommand } from '../define-command.js'
import { FOUND_COLUMNS } from '../output/version-columns.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

interface SearchOptions extends CommonOptions {
  orderBy?: string
  limit?: number
  deleted?: boolean
}

/** `stemma search`: versions that match a filter. */
export function addSearch(line: CommandLine): void {
  defineRegistryCommand(line, {
    usage: 'search [filter]',
    summary: 'Find versions over all models',
    details: 'The filter has fields, =, !=, <, <=, >, >=, in, like, exists, and, or, not and brackets; see docs/search.md.',
    examples: ["search 'metrics.auc >= 0.9'", "search \"stage = 'production' and tags.site = 'berlin'\"", "search --order-by 'metrics.auc desc' --limit 3"]
  })
    .option('--order-by <fields>', "for instance 'metrics.auc desc, name' (default: newest first)")
    .option('--limit <count>', 'at most so many', integer(1, 1_000_000_000))
    .option('--deleted', 'also versions that were deleted')
    .action(async (filter: string | undefined, options: SearchOptions) => {
      await inSession(line, options, async ({ signal, giveAll, withRegistry }) => {
        const { orderBy, limit, deleted } = options
        await withRegistry((registry) => giveAll(registry.search({ where: filter, orderBy, limit, includeDeleted: deleted }, { signal }), FOUND_COLUMNS, 'nothing found'))
        return undefined
      })
    })
}
