import { Option, type Command } from 'commander'
import type { LineageOptions as Choices, LineageOrigin } from '../../registry/lineage.js'
import type { LineageGraph } from '../../schemas/lineage.js'
import { integer } from '../arguments.js'
import { defineRegistryCommand } from '../define-command.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

interface LineageOptions extends CommonOptions, Pick<Choices, 'direction' | 'maxHops'> {
  format: 'tree' | 'mermaid' | 'dot'
  dataset?: string
  datasetVersion?: string
  commit?: string
  environment?: string
}

/** `stemma lineage`: what made a version, and what was made from it. */
export function addLineage(line: CommandLine): void {
  const command = defineRegistryCommand(line, {
    usage: 'lineage [reference]',
    summary: 'Draw what made a version and what was made from it',
    details: 'In place of a version: what was made from a data set, a commit or an environment.',
    examples: ['lineage spam@production', 'lineage spam --format mermaid > lineage.mmd', 'lineage spam --format dot | dot -Tsvg > lineage.svg', 'lineage --dataset data/mails.csv']
  })
    .addOption(new Option('--direction <which>', 'what it was made from, what was made from it').choices(['ancestors', 'descendants', 'both']))
    .option('--max-hops <count>', 'steps from version to version (default: 10)', integer(0, 1_000))
    .addOption(new Option('--format <format>', 'how to draw it').choices(['tree', 'mermaid', 'dot']).default('tree'))
    .option('--dataset <name>', 'start at a data set')
    .option('--dataset-version <version>', 'this version of the data set')
    .option('--commit <hash>', 'start at a commit, at least 7 digits')
    .option('--environment <digest>', 'start at an environment, sha256:…')
  command.action(async (reference: string | undefined, options: LineageOptions) => {
      const origin = originOf(reference, options, command)
      await inSession(line, options, async ({ signal, give, withRegistry }) => {
        const { direction, maxHops, format } = options
        const graph = await withRegistry((registry) => registry.lineage(origin, { direction, maxHops, signal }))
        await give(graph, () => draw(graph, format))
        return undefined
      })
    })
}

function originOf(reference: string | undefined, { dataset, datasetVersion, commit, environment }: LineageOptions, command: Command): LineageOrigin {
  const origins: (LineageOrigin | undefined)[] = [
    reference,
    dataset === undefined ? undefined : { dataset, version: datasetVersion },
    commit === undefined ? undefined : { commit },
    environment === undefined ? undefined : { environment }
  ]
  const [origin, second] = origins.filter((given) => given !== undefined)
  if (origin !== undefined && second === undefined) return origin
  return command.error('error: wanted one of a reference, --dataset, --commit and --environment')
}

async function draw(graph: LineageGraph, format: LineageOptions['format']): Promise<string> {
  if (format === 'tree') return (await import('../../record/draw-lineage-text.js')).toText(graph)
  const { toDot, toMermaid } = await import('../../record/draw-lineage.js')
  return format === 'dot' ? toDot(graph) : toMermaid(graph)
}
