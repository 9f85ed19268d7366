import { isDeepStrictEqual } from 'node:util'
import type { Command } from 'commander'
import type { MetadataChanges } from '../../registry/update-metadata.js'
import { filled, list, numberPairs, objectOf, textPairs, type Pairs } from '../arguments.js'
import { addMutationOptions, defineRegistryCommand } from '../define-command.js'
import { plainText } from '../output/plain-text.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

interface ChangeOptions extends CommonOptions {
  reason?: string
  actor?: string
  operationId?: string
}

interface UpdateOptions extends ChangeOptions {
  tag: Pairs<string>
  removeTag: string[]
  metric: Pairs<number>
  alias: string[]
  removeAlias: string[]
  description?: string | false
  approveBy?: string
  rejectBy?: string
  comment?: string
}

/** `stemma update`: changes what may change of a version. */
export function addUpdate(line: CommandLine): void {
  const command = defineRegistryCommand(line, {
    usage: 'update <reference>',
    summary: 'Change tags, description, aliases, metrics and approvals of a version; old values stay in the history',
    examples: ['update spam@1.0.0 --metric auc_week_1=0.91', 'update spam@1.0.0 --alias champion', "update spam@1.0.0 --approve-by ada --comment 'reviewed'"]
  })
    .option('--tag <name=value>', 'set a tag (may be repeated)', textPairs, new Map())
    .option('--remove-tag <name>', 'take a tag away (may be repeated)', list, [])
    .option('--metric <name=number>', 'add or replace a metric (may be repeated)', numberPairs, new Map())
    .option('--alias <name>', 'let an alias point at the version (may be repeated)', list, [])
    .option('--remove-alias <name>', 'take an alias away (may be repeated)', list, [])
    .option('--description <text>', 'set the description')
    .option('--no-description', 'take the description away')
    .option('--approve-by <who>', 'record a yes to the version')
    .option('--reject-by <who>', 'record a no to the version')
    .option('--comment <text>', 'what is said with the yes or no')
  addMutationOptions(command).action(async (reference: string, options: UpdateOptions) => {
    await change(line, reference, changesOf(options, command), options)
  })
}

/** `stemma tag`: sets tags of a version and takes them away. */
export function addTag(line: CommandLine): void {
  const command = defineRegistryCommand(line, {
    usage: 'tag <reference>',
    summary: 'Set tags of a version',
    examples: ['tag spam@1.0.0 site=berlin reviewed=yes', 'tag spam@1.0.0 --remove reviewed']
  })
    .argument('[tags...]', '', textPairs, new Map())
    .option('--remove <name>', 'take a tag away (may be repeated)', list, [])
  addMutationOptions(command).action(async (reference: string, set: Pairs<string>, options: ChangeOptions & { remove: string[] }) => {
    if (set.size === 0 && options.remove.length === 0) command.error('error: wanted tags to set, name=value, or --remove <name>')
    await change(line, reference, { tags: tagChanges(set, options.remove), reason: options.reason }, options)
  })
}

async function change(line: CommandLine, reference: string, changes: MetadataChanges, options: ChangeOptions): Promise<void> {
  await inSession(line, options, async ({ signal, give, isJson, withRegistry }) => {
    const { actor, operationId } = options
    await withRegistry(async (registry) => {
      // A repeated operation answers with its first result, which says nothing about this moment.
      const isCompared = !isJson && operationId === undefined && changes.approval === undefined
      const before = isCompared ? await registry.findVersion(reference, { signal }) : undefined
      const version = await registry.updateMetadata(reference, changes, { actor, operationId, signal })
      const isSame = before !== undefined && isDeepStrictEqual(before, version)
      await give(version, () => `${plainText(`${version.name}@${version.version}`)} ${isSame ? 'is as it was: there was nothing to change' : 'is changed'}\n`)
    })
    return undefined
  })
}

function changesOf({ tag, removeTag, metric, alias, removeAlias, description, reason, approveBy, rejectBy, comment }: UpdateOptions, command: Command): MetadataChanges {
  if (approveBy !== undefined && rejectBy !== undefined) command.error("error: option '--approve-by <who>' cannot be used with option '--reject-by <who>'")
  const by = approveBy ?? rejectBy
  return {
    tags: tagChanges(tag, removeTag),
    metrics: objectOf(metric),
    aliases: filled(alias),
    removeAliases: filled(removeAlias),
    description: description === false ? null : description,
    approval: by === undefined ? undefined : { by, decision: approveBy === undefined ? 'rejected' : 'approved', comment },
    reason
  }
}

function tagChanges(set: Pairs<string>, removed: readonly string[]): MetadataChanges['tags'] {
  return objectOf(new Map<string, string | null>([...set, ...removed.map((name) => [name, null] as const)]))
}
