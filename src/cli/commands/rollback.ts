import { addMutationOptions, defineRegistryCommand } from '../define-command.js'
import { plainText } from '../output/plain-text.js'
import { standingText } from '../output/standing-text.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

interface RollbackOptions extends CommonOptions {
  audience?: string
  to?: string
  reason?: string
  actor?: string
  operationId?: string
  expectedCurrent?: string
}

/** `stemma rollback`: makes an earlier version live again. */
export function addRollback(line: CommandLine): void {
  const command = defineRegistryCommand(line, {
    usage: 'rollback <model>',
    summary: 'Make the version live again that was live before, after re-hashing its bytes',
    examples: ["rollback spam --reason 'error rate doubled'", 'rollback spam --audience berlin', 'rollback spam --to 1.0.0']
  })
    .option('--audience <name>', 'for whom (default: default)')
    .option('--to <version>', 'go back to this version, 1.0.1 or #3 (default: the one that was live before)')
    .option('--expected-current <version>', 'only if this version is live for the audience now')
    .option('--no-progress', 'no bar')
  addMutationOptions(command).action(async (model: string, options: RollbackOptions) => {
    await inSession(line, options, async ({ signal, give, withRegistry, withProgress }) => {
      const { audience, to, reason, actor, operationId, expectedCurrent } = options
      const version = await withRegistry((registry) =>
        withProgress((onProgress) => registry.rollback(model, { audience, to, reason, actor, operationId, expectedCurrent, signal, onProgress }))
      )
      await give(version, () => `${plainText(standingText(version))} again\n`)
      return undefined
    })
  })
}
