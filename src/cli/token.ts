import { Option, type Command } from 'commander'
import { systemSources } from '../util/sources.js'
import type { Scope } from '../wire/routes.js'
import type { Terminal } from './terminal.js'

interface CreateOptions {
  name: string
  scope: Scope[]
  tokens: string
}

const SCOPES = ['read', 'write', 'promote', 'admin']

/** `stemma token create`: makes a token, prints it once, and adds its record to the file of a server. */
export function addToken(program: Command, terminal: Terminal): void {
  program
    .command('token')
    .description('Manage the tokens of a server')
    .command('create')
    .description('Make a token, print it once, and add its record to the file that the server reads')
    .requiredOption('--name <name>', 'who is to hold it: ci, credit-service')
    .addOption(new Option('--scope <scope...>', 'what it may do; admin includes all, write and promote include read').choices(SCOPES).makeOptionMandatory())
    .requiredOption('--tokens <file>', 'JSON file of tokens; made when there is none')
    .action(async ({ name, scope, tokens }: CreateOptions) => {
      const [{ createToken }, { addToTokenFile }] = await Promise.all([import('../server/tokens.js'), import('../server/token-file.js')])
      const { token, record } = createToken({ name, scopes: scope, sources: systemSources })
      const warn = (message: string): void => {
        terminal.err.write(`stemma: warning: ${message}\n`)
      }
      await addToTokenFile(tokens, record, { warn })
      terminal.err.write(`stemma: the token of ${name} (${record.scopes.join(', ')}); it is not shown again\n`)
      terminal.out.write(`${token}\n`)
    })
}
