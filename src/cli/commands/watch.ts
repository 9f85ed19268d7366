import { isStemmaError } from '../../errors/stemma-error.js'
import type { Registry } from '../../registry/registry.js'
import { defineRegistryCommand } from '../define-command.js'
import { plainText } from '../output/plain-text.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

/** `stemma watch`: a line whenever a reference comes to mean another version. */
export function addWatch(line: CommandLine): void {
  defineRegistryCommand(line, {
    usage: 'watch <reference>',
    summary: 'Print the version that a reference means, and again each time it comes to mean another',
    details: 'Waits while it means nothing, and goes on when the registry is out of reach for a while. Ends when it is stopped.',
    examples: ['watch spam@production', 'watch spam@production | while read -r version; do ./swap.sh "$version"; done']
  }).action(async (reference: string, options: CommonOptions) => {
    await inSession(line, options, async ({ signal, give, isJson, note, withRegistry }) => {
      await withRegistry(async (registry) => {
        if (!isJson && (await meansNothing(registry, reference, signal))) note(`${reference} means nothing yet; waiting until it does`)
        for await (const version of registry.watch(reference, { signal })) {
          await give(version, () => `${plainText(`${version.name}@${version.version}`)}\n`)
        }
      })
      return undefined
    })
  })
}

/** Whether there is nothing to print at first. What else fails is for the watch itself to tell, or to outlast. */
async function meansNothing(registry: Registry, reference: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await registry.findVersion(reference, { signal })) === undefined
  } catch (error) {
    return isStemmaError(error, 'VERSION_DELETED')
  }
}
