import type { Command } from 'commander'
import type { CommandLine } from './session.js'

/** How a command presents itself in its help. */
export interface CommandHelp {
  /** Its name and arguments: `get <reference>`. */
  usage: string
  summary: string
  /** What else there is to say. */
  details?: string | undefined
  /** Lines that can be run as they stand, without `stemma`. */
  examples: readonly string[]
}

/** Begins a command that prints help with examples and takes `--json`. */
export function defineCommand(parent: Command, { usage, summary, details, examples }: CommandHelp): Command {
  const command = parent.command(usage)
  const path = [...(parent.parent ? [parent.name()] : []), command.name()].join(' ')
  return command
    .description(summary)
    .showHelpAfterError(`(stemma ${path} --help says how it is called)`)
    .option('--json', 'results as lines of JSON, errors as one')
    .addHelpText('after', `${details === undefined ? '' : `\n${details}\n`}\nExamples:\n${examples.map((example) => `  $ stemma ${example}`).join('\n')}`)
}

/** Begins a command that works on a registry. */
export function defineRegistryCommand({ program }: Pick<CommandLine, 'program'>, help: CommandHelp, parent: Command = program): Command {
  return defineCommand(parent, help)
    .option('--registry <target>', 'folder or address of the registry (default: STEMMA_REGISTRY, else .stemma in the project)')
    .option('--proxy <address>', 'HTTP proxy to a registry at an address, or environment for HTTPS_PROXY, HTTP_PROXY and NO_PROXY (default: none)')
    .option('--allow-insecure-http', 'send the token over plain http beyond this machine, where everybody on the way can read it')
}

/** Adds the options of commands that change something. */
export function addMutationOptions(command: Command): Command {
  return command
    .option('--reason <text>', 'why; kept in the history')
    .option('--actor <name>', 'who asks for it; kept in the history (default: STEMMA_ACTOR)')
    .option('--operation-id <id>', 'a repeated command with the same id answers with the first result and changes nothing')
}
