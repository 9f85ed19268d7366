import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'

/**
 * Reads a store by docs/store-format.md alone. Shares no code with the library, so that an error in the library's own reading
 * cannot hide one in its writing.
 */

const eventSchema = z.looseObject({
  v: z.literal(1),
  n: z.int(),
  prev: z.string().nullable(),
  commitId: z.string().min(1),
  opId: z.string().optional(),
  ts: z.int(),
  type: z.enum(['version.created', 'stage.changed', 'metadata.updated', 'version.deleted']),
  data: z.looseObject({ version: z.string() })
})

export type StoredEvent = z.infer<typeof eventSchema>

export interface StoredModel {
  name: string
  events: StoredEvent[]
  /** sha256 hex of the whole file, by place. */
  hashes: string[]
}

export interface StoredStore {
  hasStoreFile: boolean
  models: StoredModel[]
  problems: string[]
}

const ROOT_NAMES = new Set(['store.json', '.gitignore', 'blobs', 'models', 'tmp', 'uploads', 'trash'])

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Names in a folder, sorted; none when it is absent. */
export function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : []
}

export function readStore(root: string): StoredStore {
  const problems: string[] = []
  for (const name of namesIn(root)) if (!ROOT_NAMES.has(name)) problems.push(`I10 ${name} lies in the store's folder`)
  const hasStoreFile = existsSync(join(root, 'store.json'))
  if (hasStoreFile) {
    const file = z.looseObject({ format: z.literal(1), id: z.string(), publish: z.literal('link') }).safeParse(json(readFileSync(join(root, 'store.json'))))
    if (!file.success) problems.push('I2 store.json is not whole')
  }
  const models = namesIn(join(root, 'models')).map((folder) => readModel(root, folder, problems))
  return { hasStoreFile, models, problems }
}

function readModel(root: string, folder: string, problems: string[]): StoredModel {
  const model: StoredModel = { name: decodeName(folder), events: [], hashes: [] }
  for (const name of namesIn(join(root, 'models', folder))) {
    if (name !== 'log' && name !== 'snapshot.json') problems.push(`I10 models/${folder}/${name}`)
  }
  namesIn(join(root, 'models', folder, 'log')).forEach((name, place) => {
    const at = `models/${folder}/log/${name}`
    if (name !== `${String(place).padStart(20, '0')}.json`) {
      problems.push(`I3 ${at} where event ${place} was expected`)
      return
    }
    const bytes = readFileSync(join(root, at))
    const event = readEvent(bytes, at, problems)
    if (!event) return
    if (event.n !== place) problems.push(`I2 ${at} says that it is event ${event.n}`)
    if (event.prev !== (model.hashes[place - 1] ?? null)) problems.push(`I2 ${at} does not continue the event before it`)
    const before = model.events[place - 1]
    if (before && event.ts <= before.ts) problems.push(`I2 ${at} is not later than the event before it`)
    model.events.push(event)
    model.hashes.push(sha256(bytes))
  })
  return model
}

function readEvent(bytes: Buffer, at: string, problems: string[]): StoredEvent | undefined {
  const text = bytes.toString('utf8')
  const [line = '', checksum = '', end, ...rest] = text.split('\n')
  if (bytes.length > 1_048_576 || end !== '' || rest.length > 0 || checksum !== `sha256:${sha256(Buffer.from(line))}`) {
    problems.push(`I2 ${at} is not whole (${bytes.length} bytes)`)
    return undefined
  }
  const parsed = eventSchema.safeParse(json(Buffer.from(line)))
  if (!parsed.success) problems.push(`I2 ${at}: ${parsed.error.issues[0]?.message ?? 'not an event'}`)
  return parsed.data
}

export function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

/** `+` is `/`, `!x` is `X`, the prefix `!-` is dropped. */
function decodeName(folder: string): string {
  return folder.replace(/^!-/, '').replace(/!([a-z])/g, (_, letter: string) => letter.toUpperCase()).replaceAll('+', '/')
}
