import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { isStemmaError, type Registry } from '../../../src/index.js'
import { canonicalJson } from '../../../src/util/canonical-json.js'
import { sha256 } from '../format/read-store.js'
import { open, placeIn, type Place } from '../operations.js'
import { seededRandom } from '../seeded-random.js'
import { answerLines } from './lines.js'

/** Flips single bits in every file of a store, and looks at what the library makes of it. */

const BITS_A_FILE = 5
const requestSchema = z.object({ folder: z.string(), seed: z.int() })

async function answer(line: unknown): Promise<{ files: number; flips: number; problems: string[] }> {
  const { folder, seed } = requestSchema.parse(line)
  const place = placeIn(folder)
  const random = seededRandom(seed)
  const files = readdirSync(place.store, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(place.store, name)).isFile())
  const expected = await readAll(place)
  const problems: string[] = []
  let flips = 0
  for (const file of files) {
    const path = join(place.store, file)
    chmodSync(path, 0o644)
    const bytes = readFileSync(path)
    for (let count = 0; count < BITS_A_FILE && bytes.length > 0; count += 1) {
      const at = count === 0 ? 0 : count === 1 ? bytes.length - 1 : Math.floor(random() * bytes.length)
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ (1 << Math.floor(random() * 8))
      writeFileSync(path, damaged)
      flips += 1
      for (const problem of await look(place, file, expected)) problems.push(`${file}, byte ${at}: ${problem}`)
    }
    writeFileSync(path, bytes)
  }
  return { files: files.length, flips, problems }
}

type Reading = Map<string, string>

async function look(place: Place, file: string, expected: Reading): Promise<string[]> {
  const problems: string[] = []
  for (const [what, value] of await readAll(place)) {
    // It must fail closed, or be right.
    if (value !== expected.get(what) && !value.startsWith('refused ')) problems.push(`${what} is other than it was: ${value.slice(0, 200)}`)
  }
  // Neither has a checksum: store.json is read by people, and .gitignore by git.
  if (file === 'store.json' || file === '.gitignore') return problems
  const named = await namedFiles(place)
  if (named.length !== 1 || named[0] !== file) problems.push(`verify names ${JSON.stringify(named)}`)
  if (file.endsWith('snapshot.json')) {
    for (const [what, value] of await readAll(place)) if (value !== expected.get(what)) problems.push(`a damaged snapshot keeps ${what} from being read`)
  }
  return problems
}

async function namedFiles(place: Place): Promise<(string | undefined)[]> {
  await using registry = await open(place)
  const report = await registry.verify()
  return [...new Set(report.problems.map((problem) => problem.file))]
}

/** All that the library tells of a store, as a new process with an empty cache. */
async function readAll(place: Place): Promise<Reading> {
  const reading: Reading = new Map()
  const cache = mkdtempSync(join(place.folder, 'cache-'))
  try {
    await using registry = await open({ ...place, cache })
    for (const name of ['risk/Model', 'other']) {
      reading.set(`history of ${name}`, await attempt(() => list(registry.history(name))))
      reading.set(`versions of ${name}`, await attempt(() => list(registry.versions(name, { includeDeleted: true }))))
      for (const number of ['1.0.0', '1.0.1', '1.0.2']) reading.set(`files of ${name}@${number}`, await attempt(() => contents(registry, `${name}@${number}`)))
      reading.set(`production of ${name}`, await attempt(async () => canonicalJson(await registry.getVersion(`${name}@production`))))
    }
  } catch (error) {
    if (!isStemmaError(error)) reading.set('opening', error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    rmSync(cache, { recursive: true, force: true })
  }
  return reading
}

async function attempt(work: () => Promise<string>): Promise<string> {
  try {
    return await work()
  } catch (error) {
    if (isStemmaError(error)) return `refused ${error.code}`
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}

async function list(items: AsyncIterable<unknown>): Promise<string> {
  const found: unknown[] = []
  for await (const item of items) found.push(item)
  return canonicalJson(found)
}

async function contents(registry: Registry, reference: string): Promise<string> {
  const { dir, version } = await registry.getModel(reference)
  return canonicalJson(version.artifacts.map(({ path }) => [path, sha256(readFileSync(join(dir, path)))]))
}

void answerLines(answer)
