import type { ErrorCode } from '../../errors/codes.js'
import { StemmaError } from '../../errors/stemma-error.js'
import type { CreateVersionRequest, UpdateRequest } from '../../schemas/requests.js'

/** What MLflow keeps without cutting it: 2.x and 3.x, whatever database is behind them. */
const MAX_KEY = 250
const MAX_TAG_VALUE = 5_000
const MAX_PARAM_VALUE = 6_000
const MAX_DESCRIPTION = 5_000
const MAX_DATASET_NAME = 500
const MAX_PARAMS = 2_000
const KEY = /^[/\p{L}\p{N}_.\- :]*$/u
const ALIAS = /^[\w-]{1,255}$/

/**
 * Checks what is to be logged against the limits of MLflow, before anything is sent: its servers cut some of what is too long without
 * a word.
 *
 * @throws {StemmaError} INVALID_METADATA, TOO_LARGE, INVALID_ALIAS naming the limit.
 */
export function checkCreateLimits({ birth, tags, description, aliases }: CreateVersionRequest): void {
  const params = Object.entries(birth.params)
  if (params.length > MAX_PARAMS) throw tooLarge(`params: there are ${params.length}`, MAX_PARAMS)
  for (const [key, value] of params) {
    checkKey('param', key)
    checkLength(`the value of param ${key}`, paramText(value), MAX_PARAM_VALUE)
  }
  for (const key of Object.keys(birth.metrics)) checkKey('metric', key)
  for (const { name } of birth.datasets) checkLength(`the name of data set ${name.slice(0, 40)}`, name, MAX_DATASET_NAME)
  checkTags(tags)
  checkDescription(description)
  checkAliases(aliases)
}

/** The same for a change of living metadata. */
export function checkUpdateLimits({ tags = {}, metrics = {}, description, aliases = [] }: UpdateRequest): void {
  checkTags(tags)
  for (const key of Object.keys(metrics)) checkKey('metric', key)
  checkDescription(description)
  checkAliases(aliases)
}

/** How a param is written in MLflow, which has texts only. */
export function paramText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Whether MLflow takes a text as the key of a tag, param or metric. */
export function isMlflowKey(key: string): boolean {
  return key.length > 0 && key.length <= MAX_KEY && KEY.test(key) && key.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

function checkTags(tags: Readonly<Record<string, string | null>>): void {
  for (const [key, value] of Object.entries(tags)) {
    checkKey('tag', key)
    if (key.startsWith('stemma.') || key.startsWith('mlflow.')) {
      throw new StemmaError('INVALID_METADATA', `tag ${key}: names that begin with stemma. or mlflow. are kept for them`, { hint: 'Choose another name.', details: { key } })
    }
    if (value !== null) checkLength(`the value of tag ${key}`, value, MAX_TAG_VALUE)
  }
}

function checkKey(kind: string, key: string): void {
  if (isMlflowKey(key)) return
  throw new StemmaError('INVALID_METADATA', `${kind} ${JSON.stringify(key)} is no name that MLflow keeps`, {
    hint: `Use at most ${MAX_KEY} letters, digits, "_", "-", ".", ":", spaces and "/", without empty parts between slashes.`,
    details: { kind, key, limit: MAX_KEY }
  })
}

function checkLength(what: string, text: string, limit: number): void {
  const length = Array.from(text).length
  if (length > limit) throw tooLarge(`${what} has ${length} characters`, limit)
}

function checkDescription(description: string | null | undefined): void {
  if (typeof description === 'string') checkLength('the description', description, MAX_DESCRIPTION)
}

function checkAliases(aliases: readonly string[]): void {
  for (const alias of aliases) {
    if (ALIAS.test(alias) && !alias.startsWith('production-')) continue
    const code: ErrorCode = 'INVALID_ALIAS'
    throw new StemmaError(code, `alias ${JSON.stringify(alias)} cannot be one in MLflow`, {
      hint: 'Use letters, digits, "_" and "-" only; names that begin with production- are those of audiences.',
      details: { alias }
    })
  }
}

function tooLarge(what: string, limit: number): StemmaError {
  return new StemmaError('TOO_LARGE', `${what}, and MLflow keeps at most ${limit}`, {
    hint: 'Put large values into an artifact: its bytes are kept as they are.',
    details: { limit }
  })
}
