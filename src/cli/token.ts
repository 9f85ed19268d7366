import { Option, type Command } from 'commander'
import type { Logger } from '../registry/context.js'
import { systemSources } from '../util/sources.js'
import type { Scope } from '../wire/routes.js'
import type { Terminal } from './terminal.js'

interface CreateOptions {
  name: string
  scope: Scope[]
  tokens: string
}

const SCOPES = ['read', 'write', 'promote', 'admin']

/** `stemma token`: makes, lists and takes away the tokens in the file of a server. */
export function addToken(program: Command, terminal: Terminal): void {
  const { out, err } = terminal
  const logger: Logger = {
    warn: (message) => {
      err.write(`stemma: warning: ${message}\n`)
    }
  }
  const token = program.command('token').description('Manage the tokens of a server')

  token
    .command('create')
    .description('Make a token, print it once, and add its record to the file that the server reads')
    .requiredOption('--name <name>', 'who is to hold it: ci, credit-service')
    .addOption(new Option('--scope <scope...>', 'what it may do; admin includes all, write and promote include read').choices(SCOPES).makeOptionMandatory())
    .requiredOption('--tokens <file>', 'JSON file of tokens; made when there is none')
    .action(async ({ name, scope, tokens }: CreateOptions) => {
      const [{ createToken }, { addToTokenFile }] = await Promise.all([import('../server/tokens.js'), import('../server/token-file.js')])
      const { token: text, record } = createToken({ name, scopes: scope, sources: systemSources })
      await addToTokenFile(tokens, record, logger)
      err.write(`stemma: the token of ${name} (${record.scopes.join(', ')}); it is not shown again\n`)
      out.write(`${text}\n`)
    })

  token
    .command('list')
    .description('Print a line for each token: its name, its scopes, and when it was made')
    .requiredOption('--tokens <file>', 'JSON file of tokens')
    .action(async ({ tokens }: Pick<CreateOptions, 'tokens'>) => {
      const { readTokenFile } = await import('../server/token-source.js')
      const { records } = await readTokenFile(tokens, logger)
      for (const { name, scopes, createdAt } of records) out.write(`${name}\t${scopes.join(',')}\t${createdAt}\n`)
    })

  token
    .command('remove')
    .description('Take a token away: a server that reads the file refuses it from the next request on')
    .requiredOption('--name <name>', 'the name that it was made with')
    .requiredOption('--tokens <file>', 'JSON file of tokens')
    .action(async ({ name, tokens }: Pick<CreateOptions, 'name' | 'tokens'>) => {
      const { removeFromTokenFile } = await import('../server/token-file.js')
      await removeFromTokenFile(tokens, name, logger)
      err.write(`stemma: the token of ${name} is good no longer\n`)
    })
}
