import { Command, CommanderError } from 'commander'
import { LIBRARY } from '../util/library.js'
import { addServe } from './serve.js'
import { EXIT, tellError, type Terminal } from './terminal.js'
import { addToken } from './token.js'

/**
 * Runs a command line.
 *
 * @param words what stands after `stemma`
 * @returns the exit code: 0 done, 1 failed, 2 the command line is wrong.
 */
export async function runCommandLine(words: readonly string[], terminal: Terminal): Promise<number> {
  const program = new Command('stemma')
    .description('Artifacts and metadata of machine-learning models')
    .version(LIBRARY.replace('stemma/', ''))
    .exitOverride()
    .showHelpAfterError('(stemma --help lists all commands)')
    .configureOutput({
      writeOut: (text) => {
        terminal.out.write(text)
      },
      writeErr: (text) => {
        terminal.err.write(text)
      }
    })
  addServe(program, terminal)
  addToken(program, terminal)
  try {
    await program.parseAsync([...words], { from: 'user' })
    return EXIT.done
  } catch (error) {
    // Commander has said what is wrong, or shown what was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    tellError(terminal, error)
    return EXIT.failed
  }
}
