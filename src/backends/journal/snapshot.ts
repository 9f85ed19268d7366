import type { ModelState } from '../../record/model-state.js'
import { decodeState, encodeState } from '../../record/state-codec.js'
import { sha256Hex } from '../../util/sha256.js'
import type { Engine } from './engine.js'
import type { KnownModel } from './model-states.js'

const CHECKSUM_LENGTH = 'sha256:'.length + 64
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Least number of events behind a snapshot before another one is worth its writing. */
const LEAST_TAIL = 16

/** Whether so many events came since the last snapshot that reading them costs more than writing another. */
export function isSnapshotDue(headN: number, snapshotN: number): boolean {
  return headN - snapshotN >= Math.max(LEAST_TAIL, headN / 8)
}

/** Writes the snapshot of a model in the background; not of one with events that this stemma passed over. */
export function saveSnapshot({ log, background }: Pick<Engine, 'log' | 'background'>, known: KnownModel): void {
  const { state, unknown } = known
  if (unknown || known.snapshotN === state.head.n) return
  known.snapshotN = state.head.n
  background(log.writeSnapshot(state.name, encodeSnapshot(state)))
}

/** Writes the snapshots of all models that this process has changed: the next one to start reads each in one piece. */
export function saveSnapshots(engine: Pick<Engine, 'log' | 'background' | 'states'>): void {
  for (const known of engine.states.known().values()) if (known.written) saveSnapshot(engine, known)
}

/** The bytes of a snapshot: a line `sha256:<hex>` of the rest, and the state as JSON. */
export function encodeSnapshot(state: ModelState): Uint8Array {
  const json = JSON.stringify(encodeState(state))
  return encoder.encode(`sha256:${sha256Hex(json)}\n${json}`)
}

/** The state that a snapshot holds, or `undefined` when it is damaged, foreign or of another format. Never to be trusted alone. */
export function decodeSnapshot(bytes: Uint8Array, model: string): ModelState | undefined {
  const body = bytes.subarray(CHECKSUM_LENGTH + 1)
  const checksum = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, CHECKSUM_LENGTH + 1)).toString('latin1')
  if (checksum !== `sha256:${sha256Hex(body)}\n`) return undefined
  try {
    return decodeState(JSON.parse(decoder.decode(body)), model)
  } catch {
    return undefined
  }
}
