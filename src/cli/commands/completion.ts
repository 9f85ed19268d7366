import { soundBashScript } from '../bash-script.js'
import type { CommandLine } from '../session.js'

/** The words that `stemma completion` and the script that it prints begin with. */
const WORDS = new Set(['completion', 'complete'])

/**
 * `stemma completion`: prints a script that has a shell complete commands, options and their choices. The library that makes it reads
 * the whole command line, and is loaded only when it is asked for. What the script asks while a line is typed is `stemma complete`.
 */
export async function addCompletion({ program, terminal }: Pick<CommandLine, 'program' | 'terminal'>, words: readonly string[]): Promise<void> {
  const first = words[0] ?? ''
  const print = console.log
  if (WORDS.has(first)) {
    const { default: tab } = await import('@bomb.sh/tab/commander')
    const shell = tab(program, { completionCommandName: 'completion' })
    if (first === 'complete' && words.at(-1)?.startsWith('-') !== true) {
      const { completeNames } = await import('../complete-names.js')
      await completeNames(shell)
    }
  } else {
    program.command('completion <shell>')
  }
  program.commands
    .find((command) => command.name() === 'completion')
    ?.hook('preAction', (_program, { args }) => {
      // The library prints what it makes.
      if (args[0] === 'bash') console.log = (script) => terminal.out.write(`${soundBashScript(String(script))}\n`)
    })
    .hook('postAction', () => {
      console.log = print
    })
    .description('Print a script that has bash, zsh, fish or PowerShell complete commands and options')
    .addHelpText('after', '\nExamples:\n  $ source <(stemma completion bash)\n  $ stemma completion fish > ~/.config/fish/completions/stemma.fish')
}
