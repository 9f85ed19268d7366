import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isStemmaError, type Registry } from '../../../src/index.js'
import { checkStore } from '../format/check-store.js'
import { json, namesIn, sha256 } from '../format/read-store.js'
import { open, placeIn, type Place } from '../operations.js'
import { checkRequestSchema, type CheckAnswer, type CheckRequest } from '../protocol.js'
import { answerLines } from './lines.js'

/** A process that has written nothing, and tells what is wrong with a store: by its format first, then through the library. */

const DAY_MS = 86_400_000

async function answer(line: unknown): Promise<CheckAnswer> {
  const request = checkRequestSchema.parse(line)
  const place = placeIn(request.folder)
  const { store, problems } = checkStore(place.store, request)
  if (request.exported === true) checkExported(place, problems)
  const events = store.models.reduce((sum, model) => sum + model.events.length, 0)
  if (!request.deep || problems.length > 0) return { problems, events }
  try {
    await checkWithLibrary(place, request, problems)
    problems.push(...checkStore(place.store, request).problems.map((problem) => `after use: ${problem}`))
  } catch (error) {
    problems.push(`I11 ${isStemmaError(error) ? error.code : 'untyped'}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }
  return { problems, events }
}

async function checkWithLibrary(place: Place, { claims, trashCounts, writersAreGone, powerWasCut }: CheckRequest, problems: string[]): Promise<void> {
  await using registry = await open(place)
  if (trashCounts === true) await registry.collectGarbage()
  const report = await registry.verify()
  for (const { kind, message } of report.problems) if (kind !== 'snapshot' || powerWasCut !== true) problems.push(`I2 verify: ${message}`)
  for await (const { name } of registry.models()) {
    await checkUnknown(registry, name, claims, problems)
    for await (const version of registry.versions(name)) await checkLoads(registry, `${name}@${version.version}`, problems)
    const before = await count(registry.history(name))
    const tagged = await registry.updateMetadata(`${name}@latest`, { tags: { checked: sha256(Buffer.from(place.folder)).slice(0, 8) } })
    if (tagged.tags['checked'] === undefined || (await count(registry.history(name))) !== before + 1) problems.push('I11 a new commit is not there')
  }
  const logged = await registry.logModel({ name: 'after-the-fault', artifacts: { 'a.txt': 'a' }, capture: false })
  if (logged.version !== '1.0.0') problems.push(`I11 the first version of a new model is ${logged.version}`)
  await checkLoads(registry, 'after-the-fault@1.0.0', problems)
  if (writersAreGone) await checkLeftovers(place, problems)
}

/** Whoever was told COMMIT_UNKNOWN learns the truth by asking. */
async function checkUnknown(registry: Registry, name: string, claims: CheckRequest['claims'], problems: string[]): Promise<void> {
  for (const { outcome, commitId } of claims) {
    if (outcome !== 'unknown' || commitId === undefined) continue
    const resolved = await registry.resolveCommit(name, commitId)
    let found: number | undefined
    for await (const entry of registry.history(name)) if (entry.commitId === commitId) found = entry.n
    if (resolved?.n !== found) problems.push(`I6 resolveCommit says ${resolved?.n ?? 'absent'}, the journal ${found ?? 'absent'}`)
  }
}

async function checkLoads(registry: Registry, reference: string, problems: string[]): Promise<void> {
  const loaded = await registry.getModel(reference)
  for (const { path, digest } of loaded.version.artifacts) {
    if (`sha256:${sha256(readFileSync(join(loaded.dir, path)))}` !== digest) problems.push(`I9 ${reference}: ${path} has other bytes than its digest`)
  }
}

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let sum = 0
  for await (const item of items) if (item !== undefined) sum += 1
  return sum
}

/** Two collections, days later: nothing is left but what versions need. */
async function checkLeftovers(place: Place, problems: string[]): Promise<void> {
  for (const later of [40, 42]) {
    await using registry = await open(place, later * DAY_MS)
    await registry.collectGarbage()
  }
  for (const folder of ['tmp', 'trash', 'uploads']) {
    for (const name of namesIn(join(place.store, folder))) problems.push(`I10 ${folder}/${name} outlasts collection`)
  }
}

/** The folder is absent, or holds all of one version and nothing else. */
function checkExported(place: Place, problems: string[]): void {
  if (!existsSync(place.into)) return
  const wanted = new Set<string>()
  const blobs = join(place.store, 'blobs', 'sha256')
  for (const name of namesIn(blobs)) {
    const manifest = json(readFileSync(join(blobs, name)))
    if (typeof manifest === 'object' && manifest !== null && 'artifacts' in manifest) wanted.add(JSON.stringify(pathsAndDigests(manifest.artifacts)))
  }
  const found = namesIn(place.into).flatMap((part) => namesIn(join(place.into, part)).map((name) => [`${part}/${name}`, `sha256:${sha256(readFileSync(join(place.into, part, name)))}`]))
  if (!wanted.has(JSON.stringify(found))) problems.push(`I9 the exported folder holds no whole version: ${JSON.stringify(found)}`)
}

function pathsAndDigests(artifacts: unknown): string[][] {
  if (!Array.isArray(artifacts)) return []
  return artifacts.map((artifact: unknown) => {
    if (typeof artifact !== 'object' || artifact === null || !('path' in artifact) || !('digest' in artifact)) return []
    return [String(artifact.path), String(artifact.digest)]
  })
}

void answerLines(answer)
