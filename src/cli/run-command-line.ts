import { Command, CommanderError } from 'commander'
import { addCompletion } from './commands/completion.js'
import { addDelete } from './commands/delete.js'
import { addDiff } from './commands/diff.js'
import { addGc } from './commands/gc.js'
import { addGet } from './commands/get.js'
import { addHistory } from './commands/history.js'
import { addLineage } from './commands/lineage.js'
import { addList } from './commands/list.js'
import { addLog } from './commands/log.js'
import { addOutbox } from './commands/outbox.js'
import { addRollback } from './commands/rollback.js'
import { addSearch } from './commands/search.js'
import { addServe } from './commands/serve.js'
import { addShow } from './commands/show.js'
import { addStage } from './commands/stage.js'
import { addToken } from './commands/token.js'
import { addTag, addUpdate } from './commands/update.js'
import { addVerify } from './commands/verify.js'
import { addWatch } from './commands/watch.js'
import { EXIT } from './exit-codes.js'
import { HELP_LAYOUT } from './help-layout.js'
import { paintFor } from './output/paint.js'
import { plainJson } from './output/plain-text.js'
import { tellError } from './output/tell-error.js'
import type { CommandLine } from './session.js'
import type { Terminal } from './terminal.js'

const GROUPS: readonly (readonly [string, readonly ((line: CommandLine) => void)[]])[] = [
  ['Log and use models:', [addLog, addGet, addWatch]],
  ['Look:', [addList, addShow, addSearch, addHistory, addDiff, addLineage]],
  ['Change:', [addStage, addRollback, addTag, addUpdate, addDelete]],
  ['Keep:', [addVerify, addGc, addOutbox]],
  ['Serve:', [addServe, addToken]]
]

const VERSION_ASKED = 'stemma.version'
/** What commander says when it shows the help unasked, since no command was named. */
const HELP_SHOWN = 'commander.help'

const USAGE_HINT = 'stemma --help lists all commands, stemma <command> --help the options of one.'

const AFTER = `
References: spam, spam@1.0.2, spam@^1.2, spam@production, spam@<alias>, spam@sha256:<hex>, spam#3;
with ?audience=<name> and ?at=<date> on any: 'spam@production?at=2026-03-01'

Environment: STEMMA_REGISTRY, STEMMA_TOKEN (there is no option for it: others on the machine see options), STEMMA_ACTOR,
STEMMA_CACHE, STEMMA_OUTBOX, NO_COLOR, FORCE_COLOR

Ends with 0 done, 1 failed, 2 the command line is wrong, 3 not found, 4 conflict, 5 damaged, 6 out of reach, 7 differs (diff
--exit-code), 130 stopped`

/**
 * Runs a command line.
 *
 * @param words what stands after `stemma`
 * @returns what the process is to end with, see `EXIT`.
 */
export async function runCommandLine(words: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.done
  const isJson = words.includes('--json')
  const program = newProgram(terminal, isJson)
  const line: CommandLine = {
    program,
    terminal,
    finish: (code) => {
      exitCode = code
    }
  }
  for (const [heading, commands] of GROUPS) {
    program.commandsGroup(heading)
    for (const add of commands) add(line)
  }
  program.commandsGroup('Learn:')
  try {
    await addCompletion(line, words)
    program.addHelpCommand(program.createCommand('help').argument('[command]').description('Show the help of a command').helpGroup('Learn:'))
    await program.parseAsync([...words], { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      tellError(terminal, error, isJson)
      return EXIT.failed
    }
    if (error.code === VERSION_ASKED) {
      const { LIBRARY } = await import('../util/library.js')
      terminal.out.write(`${LIBRARY.replace('stemma/', '')}\n`)
    }
    // Commander has said what is wrong, or shown what was asked for.
    if (error.exitCode === 0) return EXIT.done
    const message = error.code === HELP_SHOWN ? 'a command is missing' : error.message.replace(/^error: /, '')
    if (isJson) terminal.err.write(`${plainJson({ error: { code: 'USAGE', message, hint: USAGE_HINT, retryable: false, details: {} } })}\n`)
    return EXIT.usage
  }
}

function newProgram({ out, err, environment }: Terminal, isJson: boolean): Command {
  const paint = paintFor(err, environment)
  return (
    new Command('stemma')
      .description('Artifacts and metadata of machine-learning models')
      .option('--version', 'print the version of stemma')
      .on('option:version', () => {
        throw new CommanderError(EXIT.done, VERSION_ASKED, '')
      })
      .helpOption('-h, --help', 'show help')
      .option('--registry <target>', 'folder or address of the registry (default: STEMMA_REGISTRY, else .stemma in the project)')
      .option('--json', 'results as lines of JSON, errors as one')
      // So that log has a --version of its own.
      .enablePositionalOptions()
      .configureHelp(HELP_LAYOUT)
      .exitOverride()
      .showHelpAfterError('(stemma --help lists all commands)')
      .addHelpText('after', AFTER)
      .configureOutput({
        writeOut: (text) => {
          out.write(text)
        },
        writeErr: (text) => {
          if (!isJson) err.write(text)
        },
        outputError: (text, write) => {
          write(text.replace(/^error: (.*)/, (_all, message: string) => `stemma: ${paint('bad', message)}`))
        }
      })
  )
}
