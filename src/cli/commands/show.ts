import { defineRegistryCommand } from '../define-command.js'
import { versionText } from '../output/version-text.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

/** `stemma show`: all about a version. */
export function addShow(line: CommandLine): void {
  defineRegistryCommand(line, {
    usage: 'show <reference>',
    summary: 'Show a version: where it stands, its files, and how it came to be',
    examples: ['show spam@production', "show 'spam@production?at=2026-03-01'", 'show spam@1.0.0 --json']
  }).action(async (reference: string, options: CommonOptions) => {
    await inSession(line, options, async ({ signal, paint, give, withRegistry }) => {
      const version = await withRegistry((registry) => registry.getVersion(reference, { signal }))
      await give(version, () => versionText(version, paint))
      return undefined
    })
  })
}
