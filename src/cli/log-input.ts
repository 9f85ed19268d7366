import { readFile } from 'node:fs/promises'
import { StemmaError } from '../errors/stemma-error.js'
import { systemErrorCode } from '../io/system-error.js'
import { parseJsonStrictly } from '../record/parse-json.js'
import type { LogModelInput } from '../registry/log-model.js'
import { derivationRelationSchema } from '../schemas/derivation.js'
import { filled, objectOf, type Pairs } from './arguments.js'

/** The options of `log` that say what is logged. */
export interface InputOptions {
  version?: string
  bump?: 'major' | 'minor' | 'patch' | 'prerelease'
  metric: Pairs<number>
  param: Pairs<string>
  tag: Pairs<string>
  dataset: string[]
  derivedFrom: string[]
  evaluation: string[]
  preprocessing: string[]
  description?: string
  alias: string[]
  metadata?: string
  capture: boolean
  skipCapture?: string[]
  captureUser?: boolean
  captureHost?: boolean
  symlinks?: 'error' | 'follow'
  allowSecretAt: string[]
}

/**
 * The input of `logModel`: that of the metadata file, to which options add: one of a name replaces it, lists become longer. What it may
 * hold is for `logModel` to check.
 */
export async function logInput(model: string | undefined, paths: string[], options: InputOptions): Promise<LogModelInput> {
  const file = options.metadata === undefined ? {} : await readMetadata(options.metadata)
  const input = {
    ...file,
    ...given({ name: model, artifacts: filled(paths), version: options.version, bump: options.bump, description: options.description, symlinks: options.symlinks }),
    ...given({
      metrics: merged(file['metrics'], objectOf(options.metric)),
      params: merged(file['params'], objectOf(new Map([...options.param].map(([name, text]) => [name, jsonOrText(text)])))),
      tags: merged(file['tags'], objectOf(options.tag)),
      capture: options.capture ? captureOf(file['capture'], options) : false,
      datasets: joined(file['datasets'], options.dataset),
      derivedFrom: joined(file['derivedFrom'], options.derivedFrom.map(derivation)),
      evaluations: joined(
        file['evaluations'],
        options.evaluation.map((text) => parseJsonStrictly(Buffer.from(text), '--evaluation'))
      ),
      preprocessing: joined(file['preprocessing'], options.preprocessing),
      aliases: joined(file['aliases'], options.alias),
      allowSecretsAt: joined(file['allowSecretsAt'], options.allowSecretAt)
    })
  }
  if (isInput(input)) return input
  throw new StemmaError('INVALID_INPUT', 'stemma log: wanted a model and the paths of its files', { hint: 'For instance stemma log spam model.onnx; or both in the file of --metadata.' })
}

/** Whether it has what it needs; the rest is checked where it is used. */
function isInput(input: object): input is LogModelInput {
  return 'name' in input && 'artifacts' in input
}

async function readMetadata(path: string): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  const value = /\.ya?ml$/i.test(path) ? (await import('./parse-yaml.js')).parseYamlStrictly(bytes, path) : parseJsonStrictly(bytes, path)
  if (isObject(value)) return value
  throw new StemmaError('INVALID_INPUT', `${path}: wanted an object of named fields`, { hint: 'For instance metrics: { auc: 0.93 }' })
}

function unreadable(path: string, error: unknown): unknown {
  const code = systemErrorCode(error)
  if (code === undefined) return error
  const isMissing = code === 'ENOENT' || code === 'ENOTDIR'
  return new StemmaError('SOURCE_UNREADABLE', `--metadata: ${path} ${isMissing ? 'does not exist' : `cannot be read (${code})`}`, {
    hint: isMissing ? 'Check the spelling; relative paths start at the working folder.' : 'Name a JSON or YAML file that you may read.',
    details: { path, systemCode: code },
    cause: error
  })
}

/** JSON where it is JSON that can be kept as it is, `0.1`, `true`, `[1,2]`, and else text. */
function jsonOrText(text: string): unknown {
  try {
    return parseJsonStrictly(Buffer.from(text), 'the value')
  } catch {
    return text
  }
}

/** `spam@1.0.0:quantized`: the relation stands behind the last colon, a digest has one too. */
function derivation(text: string): { model: string; relation: string } {
  const colon = text.lastIndexOf(':')
  const relation = text.slice(colon + 1)
  const relations: readonly string[] = derivationRelationSchema.options
  if (colon > 0 && relations.includes(relation)) return { model: text.slice(0, colon), relation }
  throw new StemmaError('INVALID_INPUT', `--derived-from ${text}: wanted <reference>:<relation>`, {
    hint: `For instance spam@1.0.0:quantized. Known relations are ${relations.join(', ')}.`,
    details: { value: text, relations }
  })
}

/** A file that says to capture nothing is not contradicted by an option that leaves out a part. */
function captureOf(before: unknown, { skipCapture = [], captureUser, captureHost }: InputOptions): unknown {
  const skipped = skipCapture.map((part) => [part === 'environment-files' ? 'environmentFiles' : part, false] as const)
  const wanted = [...(captureUser === true ? [['user', true] as const] : []), ...(captureHost === true ? [['host', true] as const] : [])]
  if (before === false && wanted.length === 0) return undefined
  const more = [...skipped, ...wanted]
  return merged(typeof before === 'boolean' ? undefined : before, more.length === 0 ? undefined : Object.fromEntries(more))
}

/** What is there and is no object stays as it is: whoever checks it says so. */
function merged(before: unknown, more: Readonly<Record<string, unknown>> | undefined): unknown {
  if (more === undefined || before === undefined) return more
  return isObject(before) ? { ...before, ...more } : undefined
}

function joined(before: unknown, more: readonly unknown[]): unknown[] | undefined {
  if (more.length === 0) return undefined
  return before === undefined ? [...more] : Array.isArray(before) ? [...(before as unknown[]), ...more] : [before, ...more]
}

function given(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
