import { addMutationOptions, defineRegistryCommand } from '../define-command.js'
import { plainText } from '../output/plain-text.js'
import { standingText } from '../output/standing-text.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

interface StageOptions extends CommonOptions {
  audience?: string
  reason?: string
  actor?: string
  operationId?: string
  expectedCurrent?: string
}

/** `stemma stage`: moves a version to a stage. */
export function addStage(line: CommandLine): void {
  const command = defineRegistryCommand(line, {
    usage: 'stage <reference> <stage>',
    summary: 'Move a version to a stage: none, staging, production, archived, or one of the registry',
    details: 'In production a version takes its audience from the one that had it, in the same change.',
    examples: ["stage spam@1.0.0 production --reason 'first release'", 'stage spam@1.1.0 production --audience berlin', 'stage spam@1.1.0 production --expected-current 1.0.0']
  })
    .option('--audience <name>', 'whom it shall serve: a segment, a site, an A/B bucket (default: default)')
    .option('--expected-current <version>', 'only if this version is live for the audience now; none for no version')
  addMutationOptions(command).action(async (reference: string, stage: string, options: StageOptions) => {
    await inSession(line, options, async ({ signal, give, withRegistry }) => {
      const { audience, reason, actor, operationId } = options
      const expectedCurrent = options.expectedCurrent === 'none' ? null : options.expectedCurrent
      const version = await withRegistry((registry) => registry.transitionStage(reference, stage, { audience, reason, actor, operationId, expectedCurrent, signal }))
      await give(version, () => `${plainText(standingText(version))}\n`)
      return undefined
    })
  })
}
