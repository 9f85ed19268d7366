import { sha256Hex } from '../../util/sha256.js'

/** A chunk that is durable: its place in the blob, and the CRC-32 of its bytes. */
export interface RecordedChunk {
  start: number
  end: number
  checksum: number
}

/** Marks a line that was written whole, and for this upload. */
function markOf(id: string, { start, end, checksum }: RecordedChunk): string {
  return sha256Hex(`${id} ${start} ${end} ${checksum}`).slice(0, 16)
}

/** A line of the record. It begins with a line break, too, since what was written before it may have ended in the middle of a line. */
export function formatRecordLine(id: string, chunk: RecordedChunk): string {
  return `\n${chunk.start} ${chunk.end} ${chunk.checksum.toString(16).padStart(8, '0')} ${markOf(id, chunk)}\n`
}

/** The line that says how many bytes there will be. */
export function formatSizeLine(id: string, sizeBytes: number): string {
  return `\nsize ${sizeBytes} ${sizeMark(id, sizeBytes)}\n`
}

function sizeMark(id: string, sizeBytes: number): string {
  return sha256Hex(`${id} size ${sizeBytes}`).slice(0, 16)
}

/** How many bytes there will be, where a record tells. */
export function readSize(id: string, bytes: Uint8Array): number | undefined {
  const found = /\nsize (\d{1,15}) ([0-9a-f]{16})\n/.exec(new TextDecoder().decode(bytes))
  const sizeBytes = Number(found?.[1])
  return found?.[2] === sizeMark(id, sizeBytes) ? sizeBytes : undefined
}

/**
 * The chunks that a record tells of, joined from the first byte on. Lines that are cut off or damaged count as not there: so a record
 * says less than was durable at worst, and never more.
 */
export function readRecord(id: string, bytes: Uint8Array): RecordedChunk[] {
  const byStart = new Map<number, RecordedChunk>()
  for (const line of new TextDecoder().decode(bytes).split('\n').slice(0, -1)) {
    const [, start, end, checksum, mark] = /^(\d{1,15}) (\d{1,15}) ([0-9a-f]{8}) ([0-9a-f]{16})$/.exec(line) ?? []
    if (start === undefined || end === undefined || checksum === undefined) continue
    const chunk = { start: Number(start), end: Number(end), checksum: Number.parseInt(checksum, 16) }
    // The last of several: a chunk that could not be recorded for good was sent again.
    if (chunk.end > chunk.start && markOf(id, chunk) === mark) byStart.set(chunk.start, chunk)
  }
  const chunks: RecordedChunk[] = []
  for (let next = byStart.get(0); next !== undefined; next = byStart.get(next.end)) chunks.push(next)
  return chunks
}
