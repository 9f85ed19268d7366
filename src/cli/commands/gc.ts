import { amount } from '../arguments.js'
import { defineRegistryCommand } from '../define-command.js'
import { garbageText } from '../output/report-text.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

interface GarbageOptions extends CommonOptions {
  dryRun?: boolean
  grace: number
  force?: boolean
}

const HOUR_MS = 3_600_000

/** `stemma gc`: removes bytes that no version needs. */
export function addGc(line: CommandLine): void {
  const command = defineRegistryCommand(line, {
    usage: 'gc',
    summary: 'Remove bytes that no version needs, and leftovers of writers that are gone',
    details: 'A first run moves them to a trash, a later one, at least an hour after it, removes them for good.',
    examples: ['gc --dry-run', 'gc', 'gc --grace 24']
  })
  command
    .option('--dry-run', 'only say what would be done')
    .option('--grace <hours>', 'keep bytes that are younger, since a writer may be about to need them', amount, 168)
    .option('--force', 'allow a grace below one hour: only when nobody writes to the registry')
    .option('--no-progress', 'no bar')
    .action(async (options: GarbageOptions) => {
      if (options.grace < 1 && options.force !== true) {
        command.error("error: option '--grace <hours>' wants at least 1: a shorter one can remove bytes that a running stemma log needs (--force allows it)")
      }
      await inSession(line, options, async ({ signal, give, withRegistry, withProgress }) => {
        const { dryRun, grace, force } = options
        const report = await withRegistry((registry) =>
          withProgress((onProgress) => registry.collectGarbage({ dryRun, graceMs: grace * HOUR_MS, force, signal, onProgress }))
        )
        await give(report, () => garbageText(report))
        return undefined
      })
    })
}
