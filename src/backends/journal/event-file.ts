import { StemmaError } from '../../errors/stemma-error.js'
import { eventHeadSchema, eventSchema, type EventHead, type ModelEvent } from '../../schemas/event.js'
import { sha256Hex } from '../../util/sha256.js'
import { tooNew } from './too-new.js'

/** Largest event file, 1 MiB. Whatever can be larger, a manifest for instance, is a blob that the event names by digest. */
export const MAX_EVENT_BYTES = 1_048_576

/** What a Date can hold, milliseconds from 1970 in both directions. */
const MAX_TIME_MS = 8_640_000_000_000_000

const NEW_LINE = 10

/** From so many events on the schemas are compiled. */
const FEW_EVENTS = 16
let eventsRead = 0

const EVENT_TYPES: ReadonlySet<string> = new Set(eventSchema.options.map((option) => option.shape.type.value))
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Where an event was read, and what it must continue. */
export interface EventPlace {
  model: string
  n: number
  /** sha256 hex of event n - 1, `null` for the first; `undefined` leaves the chain unchecked. */
  prev: string | null | undefined
  /** Name of the file, for messages. */
  path: string
}

/** An event file that is whole and in its place. */
export interface DecodedEvent {
  /** `undefined` when a newer stemma wrote a type that this one does not know, and said that readers may pass over it. */
  event: ModelEvent | undefined
  head: EventHead
  /** sha256 hex of the exact bytes of the file: what the next event's `prev` says. */
  hash: string
}

/**
 * The exact bytes of an event file: a line of JSON, a line `sha256:<hex>` of the first line without its end, a final newline.
 *
 * @throws {StemmaError} TOO_LARGE for more than 1 MiB.
 */
export function encodeEvent(event: ModelEvent): Uint8Array {
  const line = JSON.stringify(event)
  const bytes = encoder.encode(`${line}\nsha256:${sha256Hex(line)}\n`)
  if (bytes.byteLength > MAX_EVENT_BYTES) {
    throw new StemmaError('TOO_LARGE', `the ${event.type} event needs ${bytes.byteLength} bytes, at most ${MAX_EVENT_BYTES} can be stored`, {
      hint: 'Move large values out of the metadata into an artifact.',
      details: { bytes: bytes.byteLength, limit: MAX_EVENT_BYTES }
    })
  }
  return bytes
}

/**
 * Reads an event file, and checks that it is whole, in its place, and continues the chain.
 *
 * @throws {StemmaError} LOG_CORRUPT naming model, place and file; FORMAT_TOO_NEW for an event that only a newer stemma knows
 * and that must not be passed over.
 */
export function decodeEvent(bytes: Uint8Array, place: EventPlace): DecodedEvent {
  const json = checkedJson(bytes, place)
  const read = readEvent(json)
  // Only of what is no event that this stemma knows need the envelope be read for itself, to say what is wrong.
  const head: EventHead = 'event' in read ? read.event : headOf(json, place)
  if (head.n !== place.n) throw corrupt(place, `it says that it is event ${head.n}`, 'place')
  if (place.prev !== undefined && head.prev !== place.prev) {
    throw corrupt(place, `it continues ${head.prev ?? 'nothing'}, the event before it is ${place.prev ?? 'nothing'}`, 'chain')
  }
  if (Math.abs(head.ts) > MAX_TIME_MS) throw corrupt(place, `its time ${head.ts} is none`, 'content')
  const hash = sha256Hex(bytes)
  if (head.v > 1 || !EVENT_TYPES.has(head.type)) {
    if (head.ignorable === true) return { event: undefined, head, hash }
    throw tooNew(place, head)
  }
  if ('event' in read) return { event: read.event, head, hash }
  throw corrupt(place, read.problem, 'content', read.cause)
}

function readEvent(json: unknown): { event: ModelEvent } | { problem: string; cause?: unknown } {
  let parsed: ReturnType<typeof eventSchema.safeParse>
  try {
    // Compiling the schemas costs more than a few events do: a service that starts reads one or two.
    parsed = eventSchema.safeParse(json, { jitless: eventsRead < FEW_EVENTS })
    eventsRead += 1
  } catch (cause) {
    // Values in values, so many that the stack does not reach.
    return { problem: 'it is nested too deep', cause }
  }
  if (parsed.success) return { event: parsed.data }
  const issue = parsed.error.issues[0]
  return { problem: `${issue?.path.join('.') ?? 'event'}: ${issue?.message ?? 'not valid'}` }
}

function headOf(json: unknown, place: EventPlace): EventHead {
  const parsed = eventHeadSchema.safeParse(json)
  if (!parsed.success) throw corrupt(place, 'it has no readable envelope', 'envelope')
  return parsed.data
}

function checkedJson(bytes: Uint8Array, place: EventPlace): unknown {
  const end = bytes.indexOf(NEW_LINE)
  if (end === -1 || bytes.byteLength > MAX_EVENT_BYTES) throw corrupt(place, 'it is cut off, empty or too large', 'checksum')
  const line = bytes.subarray(0, end)
  const checksum = Buffer.from(bytes.buffer, bytes.byteOffset + end + 1, bytes.byteLength - end - 1).toString('latin1')
  if (checksum !== `sha256:${sha256Hex(line)}\n`) throw corrupt(place, 'its checksum is wrong', 'checksum')
  try {
    return JSON.parse(decoder.decode(line))
  } catch (cause) {
    throw corrupt(place, 'it is not JSON', 'content', cause)
  }
}

/** Why an event cannot be believed; `reason` is for programs: `checksum`, `envelope`, `place`, `chain`, `content`. */
function corrupt(place: EventPlace, why: string, reason: string, cause?: unknown): StemmaError {
  return new StemmaError('LOG_CORRUPT', `event ${place.n} of ${place.model} (${place.path}) is damaged: ${why}`, {
    hint: 'Run verify() to see all that is damaged, and restore the file from a backup.',
    details: { model: place.model, n: place.n, path: place.path, reason },
    cause
  })
}
