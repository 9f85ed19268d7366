import { Option } from 'commander'
import { systemSources } from '../../util/sources.js'
import type { Scope } from '../../wire/routes.js'
import { defineCommand } from '../define-command.js'
import { plainText } from '../output/plain-text.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

interface TokenOptions extends CommonOptions {
  tokens: string
}

interface NamedOptions extends TokenOptions {
  name: string
}

interface CreateOptions extends NamedOptions {
  scope: Scope[]
  expires?: string
}

const SCOPES = ['read', 'write', 'promote', 'admin']

/** `stemma token`: makes, lists and takes away the tokens in the file of a server. */
export function addToken(line: CommandLine): void {
  const token = line.program.command('token').description('Make, list and remove the tokens of a server')

  defineCommand(token, {
    usage: 'create',
    summary: 'Make a token, print it once, and add its record to the file that the server reads',
    examples: ['token create --name ci --scope write promote --tokens tokens.json', 'token create --name contractor --scope read --expires 30d --tokens tokens.json']
  })
    .requiredOption('--name <name>', 'who is to hold it: ci, credit-service')
    .addOption(new Option('--scope <scope...>', 'what it may do; admin includes all, write and promote include read').choices(SCOPES).makeOptionMandatory())
    .option('--expires <when>', 'when it ends: days or hours from now (90d, 12h) or a time (2027-01-31, 2027-01-31T12:00:00Z) (default: never)')
    .requiredOption('--tokens <file>', 'JSON file of tokens; made when there is none')
    .action(async (options: CreateOptions) => {
      await inSession(line, options, async ({ give, logger, note }) => {
        const [{ createToken }, { addToTokenFile }] = await Promise.all([import('../../server/tokens.js'), import('../../server/token-file.js')])
        const { token: text, record } = createToken({ name: options.name, scopes: options.scope, expires: options.expires, sources: systemSources })
        await addToTokenFile(options.tokens, record, logger)
        const { name, scopes, createdAt, expiresAt } = record
        const end = expiresAt === undefined ? '' : `, good until ${expiresAt}`
        note(`stemma: the token of ${name} (${scopes.join(', ')})${end}; it is not shown again`)
        await give({ name, scopes, createdAt, expiresAt, token: text }, () => `${text}\n`)
        return undefined
      })
    })

  defineCommand(token, {
    usage: 'list',
    summary: 'Print a line for each token: its name, its scopes, when it was made, and when it ends',
    examples: ['token list --tokens tokens.json']
  })
    .requiredOption('--tokens <file>', 'JSON file of tokens')
    .action(async (options: TokenOptions) => {
      await inSession(line, options, async ({ give, logger }) => {
        const [{ readTokenFile }, { hasEnded }] = await Promise.all([import('../../server/token-source.js'), import('../../server/token-expiry.js')])
        const { records } = await readTokenFile(options.tokens, logger)
        const nowMs = systemSources.now()
        for (const { name, scopes, createdAt, expiresAt } of records) {
          const ended = hasEnded({ expiresAt }, nowMs)
          const end = expiresAt === undefined ? 'no end' : `${ended ? 'ended' : 'until'} ${expiresAt}`
          await give({ name, scopes, createdAt, expiresAt, ended }, () => `${[name, scopes.join(','), createdAt, end].map(plainText).join('\t')}\n`)
        }
        return undefined
      })
    })

  defineCommand(token, {
    usage: 'remove',
    summary: 'Take a token away: a server that reads the file refuses it from the next request on',
    examples: ['token remove --name ci --tokens tokens.json']
  })
    .requiredOption('--name <name>', 'the name that it was made with')
    .requiredOption('--tokens <file>', 'JSON file of tokens')
    .action(async ({ name, tokens, ...options }: NamedOptions) => {
      await inSession(line, options, async ({ isJson, give, logger, note }) => {
        const { removeFromTokenFile } = await import('../../server/token-file.js')
        await removeFromTokenFile(tokens, name, logger)
        note(`stemma: the token of ${name} is good no longer`)
        if (isJson) await give({ name, removed: true }, () => '')
        return undefined
      })
    })
}
