import type { MlflowVersion } from './endpoints.js'

/** What one entry of the journal holds: an event, and with a version that is born the manifest it names, when that is not large. */
export interface Entry {
  readonly model: string
  readonly n: number
  /** The event file, as every journal of stemma has it. */
  readonly bytes: Uint8Array
  /** Canonical JSON of the manifest. */
  readonly manifest: string | undefined
}

interface Tag {
  readonly key: string
  readonly value: string
}

/** MLflow 2.x allows 5,000 characters in the value of a tag. */
const PIECE_LENGTH = 4_500
/** A larger manifest is read from among the files of its version. */
export const MAX_INLINE_MANIFEST = 262_144

/** The tags of the registered model's version that an entry is. */
export function entryTags({ model, n, bytes, manifest }: Entry): Tag[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  return [
    { key: 'stemma.model', value: model },
    { key: 'stemma.n', value: String(n) },
    ...pieces('stemma.event', text),
    ...(manifest === undefined || manifest.length > MAX_INLINE_MANIFEST ? [] : pieces('stemma.manifest', manifest))
  ]
}

/** The entry that a version of the journal's registered model is; `undefined` for one that somebody else put there. */
export function readEntry({ tags }: MlflowVersion): Entry | undefined {
  const values = new Map(tags.map(({ key, value }) => [key, value]))
  const model = values.get('stemma.model')
  const n = Number(values.get('stemma.n') ?? Number.NaN)
  const text = joined(values, 'stemma.event')
  if (model === undefined || text === undefined || !Number.isSafeInteger(n) || n < 0) return undefined
  return { model, n, bytes: Buffer.from(text), manifest: joined(values, 'stemma.manifest') }
}

function pieces(name: string, text: string): Tag[] {
  const found: Tag[] = []
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + PIECE_LENGTH, text.length)
    // Half of a surrogate pair is no text.
    if (end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end -= 1
    found.push({ key: `${name}.${String(found.length).padStart(4, '0')}`, value: text.slice(start, end) })
    start = end
  }
  return found
}

function joined(values: ReadonlyMap<string, string>, name: string): string | undefined {
  let text: string | undefined
  for (let index = 0; ; index += 1) {
    const piece = values.get(`${name}.${String(index).padStart(4, '0')}`)
    if (piece === undefined) return text
    text = (text ?? '') + piece
  }
}
