import { defineRegistryCommand } from '../define-command.js'
import { EXIT } from '../exit-codes.js'
import { comparisonText, differs } from '../output/comparison-text.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

interface DiffOptions extends CommonOptions {
  exitCode?: boolean
}

/** `stemma diff`: what differs between two versions. */
export function addDiff(line: CommandLine): void {
  defineRegistryCommand(line, {
    usage: 'diff <a> <b>',
    summary: 'Show what differs between two versions, of one model or of two',
    examples: ['diff spam@1.0.0 spam@1.1.0', 'diff spam@production spam@staging', 'diff spam@production spam@latest --exit-code']
  })
    .option('--exit-code', `end with ${EXIT.different} when anything differs`)
    .action(async (a: string, b: string, options: DiffOptions) => {
      await inSession(line, options, async ({ signal, paint, give, withRegistry }) => {
        const comparison = await withRegistry((registry) => registry.compare(a, b, { signal }))
        await give(comparison, () => comparisonText(comparison, paint))
        return options.exitCode === true && differs(comparison) ? EXIT.different : undefined
      })
    })
}
