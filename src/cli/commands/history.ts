import { defineRegistryCommand } from '../define-command.js'
import { HISTORY_COLUMNS } from '../output/history-columns.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

/** `stemma history`: every change of a model or of a version. */
export function addHistory(line: CommandLine): void {
  defineRegistryCommand(line, {
    usage: 'history <model-or-reference>',
    summary: 'List every change, oldest first: when, what, who and why',
    examples: ['history spam', 'history spam@1.0.0', 'history spam --json']
  }).action(async (reference: string, options: CommonOptions) => {
    await inSession(line, options, async ({ signal, giveAll, withRegistry }) => {
      await withRegistry((registry) => giveAll(registry.history(reference, { signal }), HISTORY_COLUMNS, 'no changes'))
      return undefined
    })
  })
}
