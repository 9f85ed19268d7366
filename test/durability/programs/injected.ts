import { isStemmaError, type Registry } from '../../../src/index.js'
import { faults } from '../fault-control.js'
import type { Claim } from '../format/check-store.js'
import { open, OPERATIONS, placeIn, type Operation, type Place } from '../operations.js'
import { runRequestSchema, type Ran } from '../protocol.js'
import { answerLines, say } from './lines.js'

/** Runs operations under faults. Says `{"acknowledged": …}` as soon as an operation has succeeded, then what it came to. */

interface Attempt extends Claim {
  code?: string | undefined
  untyped?: string | undefined
}

/** Whether the calls are written down, with a mark where the operation was acknowledged. */
let isLogged = false
let kept: { folder: string; registry: Registry } | undefined

async function attempt(operation: Operation, place: Place): Promise<Attempt> {
  const operationId = operation.commits ? operation.name : undefined
  try {
    kept ??= { folder: place.folder, registry: await open(place) }
    const { version } = await operation.run(kept.registry, place)
    say({ acknowledged: true, version })
    if (isLogged) faults.mark(place.folder, 'acknowledged')
    return { operationId, outcome: 'acknowledged', version }
  } catch (error) {
    return { operationId, ...classify(error) }
  }
}

function classify(error: unknown): Attempt {
  if (!isStemmaError(error)) return { outcome: 'unknown', untyped: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  const { code, details } = error
  if (code !== 'COMMIT_UNKNOWN') return { outcome: details['committed'] === true ? 'unknown' : 'refused', code }
  const commitId = details['commitId']
  return { outcome: 'unknown', code, ...(typeof commitId === 'string' ? { commitId } : {}) }
}

async function drop(): Promise<void> {
  await kept?.registry.close()
  kept = undefined
}

async function answer(line: unknown): Promise<Ran> {
  const request = runRequestSchema.parse(line)
  const operation = OPERATIONS.find(({ name }) => name === request.operation)
  if (!operation) throw new Error(`no operation ${request.operation}`)
  const place = placeIn(request.folder)
  if (request.again === true) {
    faults.off()
    if (kept?.folder !== place.folder) await drop()
    const result = await attempt(operation, place)
    await drop()
    return { ...result, counted: 0, fired: 0 }
  }
  await drop()
  faults.watch(place.folder)
  if (request.log !== undefined) faults.log(request.log)
  isLogged = request.marks === true
  faults.arm(request.plan)
  if (isLogged) faults.mark(place.folder, 'begun')
  const result = await attempt(operation, place)
  // The work in the background meets the faults, too.
  if (result.outcome === 'acknowledged') await drop()
  faults.off()
  return { ...result, ...faults.status() }
}

void answerLines(answer)
