import { addMutationOptions, defineRegistryCommand } from '../define-command.js'
import { plainText } from '../output/plain-text.js'
import { standingText } from '../output/standing-text.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

interface DeleteOptions extends CommonOptions {
  reason?: string
  actor?: string
  operationId?: string
}

/** `stemma delete`: puts a tombstone on a version. */
export function addDelete(line: CommandLine): void {
  const command = defineRegistryCommand(line, {
    usage: 'delete <reference>',
    summary: 'Delete a version: it cannot be loaded any more; its number is never used again, its history stays',
    details: 'Wants --reason. Its bytes go with the next gc, unless another version has the same.',
    examples: ["delete spam@1.0.0 --reason 'trained on withdrawn data'"]
  })
  addMutationOptions(command).action(async (reference: string, { reason, actor, operationId, ...options }: DeleteOptions) => {
    if (reason === undefined) return command.error("error: required option '--reason <text>' not specified")
    await inSession(line, options, async ({ signal, give, withRegistry }) => {
      const version = await withRegistry((registry) => registry.deleteVersion(reference, { reason, actor, operationId, signal }))
      await give(version, () => `${plainText(standingText(version))}\n`)
      return undefined
    })
  })
}
