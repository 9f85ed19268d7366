import { types } from 'node:util'
import { isStemmaError } from '../../errors/stemma-error.js'
import type { Terminal } from '../terminal.js'
import { commandWords } from './command-words.js'
import { paintFor } from './paint.js'
import { plainJson, plainText } from './plain-text.js'

/** Says what failed and what to do: a line each for people, one line of JSON for programs. */
export function tellError({ err, environment }: Pick<Terminal, 'err' | 'environment'>, error: unknown, isJson = false): void {
  const { code, message, hint } = isStemmaError(error) ? error : { code: undefined, message: types.isNativeError(error) ? error.message : String(error), hint: undefined }
  if (isJson) {
    err.write(`${plainJson({ error: isStemmaError(error) ? error.toJSON() : { code: 'FAILED', message } })}\n`)
    return
  }
  const paint = paintFor(err, environment)
  const coded = code === undefined ? '' : ` ${paint('faint', `(${code})`)}`
  const [first = '', ...rest] = message.split('\n').map(plainText)
  const more = [...rest, ...(hint === undefined ? [] : commandWords(hint).split('\n').map(plainText))]
  err.write(`stemma: ${paint('bad', first)}${coded}\n${more.map((line) => `  ${line}\n`).join('')}`)
}
