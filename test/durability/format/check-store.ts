import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { json, namesIn, readStore, sha256, type StoredEvent, type StoredModel, type StoredStore } from './read-store.js'

/** What became of an operation, as its caller knows it. */
export const outcomeSchema = z.enum(['acknowledged', 'refused', 'unknown', 'killed'])


/** An operation that was under way. Operations without an event (reads, garbage collection) have no `operationId`. */
export const claimSchema = z.object({
  operationId: z.string().optional(),
  outcome: outcomeSchema,
  /** The version that was answered. */
  version: z.string().optional(),
  /** The commit that COMMIT_UNKNOWN named. */
  commitId: z.string().optional()
})
export type Claim = z.infer<typeof claimSchema>

/** What the store held before: events by model, as hashes of their files. */
export const baseSchema = z.array(z.object({ name: z.string(), hashes: z.array(z.string()) }))
export type Base = z.infer<typeof baseSchema>

export interface Expectation {
  claims: readonly Claim[]
  base: Base
  /** Whether a blob that is needed may lie in the trash, from which collection takes it back. */
  trashCounts?: boolean | undefined
}

/** Reads a store by its format and tells every invariant that it breaks: I1–I8, I10. */
export function checkStore(root: string, expected: Expectation): { store: StoredStore; problems: string[] } {
  const store = readStore(root)
  const problems = [...store.problems]
  if (!store.hasStoreFile && (store.models.length > 0 || expected.base.length > 0)) problems.push('I2 models without store.json')
  checkBase(store, expected.base, problems)
  checkClaims(store, expected.claims, problems)
  for (const model of store.models) checkModel(root, model, expected, problems)
  checkBlobs(root, problems)
  return { store, problems }
}

function checkBase(store: StoredStore, base: Base, problems: string[]): void {
  for (const { name, hashes } of base) {
    const found = store.models.find((model) => model.name === name)?.hashes ?? []
    const wrong = hashes.findIndex((hash, n) => found[n] !== hash)
    if (wrong !== -1) problems.push(`I1 event ${wrong} of ${name}, which was acknowledged before, is gone or changed`)
  }
}

function checkClaims(store: StoredStore, claims: readonly Claim[], problems: string[]): void {
  const byOperation = new Map<string, StoredEvent[]>()
  for (const event of store.models.flatMap(({ events }) => events)) {
    if (event.opId !== undefined) byOperation.set(event.opId, [...(byOperation.get(event.opId) ?? []), event])
  }
  for (const [operation, events] of byOperation) if (events.length > 1) problems.push(`I5 ${operation} has ${events.length} events`)
  for (const { operationId, outcome, version, commitId } of claims) {
    const [event] = operationId === undefined ? [] : (byOperation.get(operationId) ?? [])
    if (operationId === undefined) continue
    if (outcome === 'acknowledged' && !event) problems.push(`I1 ${operationId} was acknowledged and is not there`)
    if (outcome === 'refused' && event) problems.push(`I6 ${operationId} was refused and is there, as event ${event.n}`)
    if (version !== undefined && event && event.data.version !== version) problems.push(`I1 ${operationId} answered ${version}, its event says ${event.data.version}`)
    if (commitId !== undefined && event && event.commitId !== commitId) problems.push(`I5 ${operationId} has another commit than COMMIT_UNKNOWN named`)
  }
}

/** Living and deleted versions of a model, by the fold of its events. */
interface Fold {
  stages: Map<string, string>
  manifests: Map<string, string>
  deleted: Set<string>
  live: Map<string, string>
}

function checkModel(root: string, model: StoredModel, { trashCounts = false }: Expectation, problems: string[]): void {
  const fold: Fold = { stages: new Map(), manifests: new Map(), deleted: new Set(), live: new Map() }
  const commits = new Set<string>()
  for (const event of model.events) {
    const at = `${model.name} event ${event.n}`
    if (commits.has(event.commitId)) problems.push(`I5 ${at} repeats a commit`)
    commits.add(event.commitId)
    for (const problem of foldEvent(fold, event)) problems.push(`${problem} (${at})`)
  }
  const trashed = trashCounts ? new Set(namesIn(join(root, 'trash')).map((name) => name.split('.')[1] ?? '')) : new Set<string>()
  for (const [version, digest] of fold.manifests) {
    if (fold.deleted.has(version)) continue
    for (const needed of neededBlobs(root, model, version, digest, problems)) {
      if (!existsSync(join(root, 'blobs', 'sha256', needed)) && !trashed.has(needed)) problems.push(`I4 ${model.name}@${version} needs ${needed}, which is not there`)
    }
  }
}

const createdSchema = z.looseObject({ version: z.string(), sequence: z.int(), digest: z.string(), birth: z.unknown() })
const movedSchema = z.looseObject({
  version: z.string(), from: z.string(), to: z.string(), audience: z.string().optional(), released: z.array(z.string()).optional(), replaced: z.string().optional()
})

/** Folds an event; what it says of the state before it must be true of that state. */
export function foldEvent(fold: Fold, event: StoredEvent): string[] {
  const problems: string[] = []
  const { version } = event.data
  if (event.type === 'version.created') {
    const created = createdSchema.parse(event.data)
    if (fold.stages.has(version)) problems.push(`I8 ${version} was given out twice`)
    if (created.sequence !== fold.stages.size + 1) problems.push(`I8 sequence ${created.sequence} after ${fold.stages.size}`)
    fold.stages.set(version, 'none')
    fold.manifests.set(version, created.digest.replace('sha256:', ''))
    return problems
  }
  if (!fold.stages.has(version)) problems.push(`I2 ${version} does not exist`)
  if (fold.deleted.has(version)) problems.push(`I8 ${version} is deleted`)
  if (event.type === 'version.deleted') fold.deleted.add(version)
  if (event.type !== 'stage.changed') return problems
  const moved = movedSchema.parse(event.data)
  if (moved.from !== fold.stages.get(version)) problems.push(`I7 ${version} moves from ${moved.from}, but is ${fold.stages.get(version) ?? 'absent'}`)
  for (const audience of moved.released ?? []) {
    if (fold.live.get(audience) !== version) problems.push(`I7 ${version} gives up ${audience}, which it does not have`)
    fold.live.delete(audience)
  }
  if (moved.to === 'production' && moved.audience !== undefined) {
    const before = fold.live.get(moved.audience)
    if (moved.replaced !== before) problems.push(`I7 ${moved.audience} was ${before ?? 'nobody'}, the event says ${moved.replaced ?? 'nobody'}`)
    fold.live.set(moved.audience, version)
    if (before !== undefined && before !== version && ![...fold.live.values()].includes(before)) fold.stages.set(before, 'archived')
  }
  fold.stages.set(version, moved.to)
  return problems
}

const manifestSchema = z.looseObject({ artifacts: z.array(z.looseObject({ path: z.string(), digest: z.string(), sizeBytes: z.int() })) })
const birthSchema = z.looseObject({ environment: z.looseObject({ files: z.array(z.looseObject({ digest: z.string() })).optional() }) })

function neededBlobs(root: string, model: StoredModel, version: string, manifest: string, problems: string[]): string[] {
  const created = model.events.find((event) => event.type === 'version.created' && event.data.version === version)
  const birth = birthSchema.safeParse(created?.data['birth'])
  const files = birth.success ? (birth.data.environment.files ?? []) : []
  const needed = [manifest, ...files.map(({ digest }) => digest.replace('sha256:', ''))]
  const path = join(root, 'blobs', 'sha256', manifest)
  if (!existsSync(path)) return needed
  const parsed = manifestSchema.safeParse(json(readFileSync(path)))
  if (!parsed.success) problems.push(`I4 the manifest of ${model.name}@${version} cannot be read`)
  return [...needed, ...(parsed.data?.artifacts ?? []).map(({ digest }) => digest.replace('sha256:', ''))]
}

function checkBlobs(root: string, problems: string[]): void {
  for (const name of namesIn(join(root, 'blobs', 'sha256'))) {
    if (!/^[0-9a-f]{64}$/.test(name)) problems.push(`I10 blobs/sha256/${name}`)
    else if (sha256(readFileSync(join(root, 'blobs', 'sha256', name))) !== name) problems.push(`I2 blob ${name} holds other bytes`)
  }
}
