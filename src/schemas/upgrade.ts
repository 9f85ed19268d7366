import { StemmaError } from '../errors/stemma-error.js'

/** A record as it lies in a store, of whatever schema version. */
export type StoredRecord = Readonly<Record<string, unknown>>

/** One step of an upgrade. */
export interface UpgradeStep {
  /** The schema version that the step reads; it gives the next one. */
  from: number
  /** Gives the record in its next form. Must not change its argument; `schemaVersion` is set by {@link upgrade}. */
  apply(record: StoredRecord): StoredRecord
}

/**
 * Brings a stored record to the current schema version, step by step from the one that it names. The stored bytes stay as they
 * are. A record that is current is given back as it is.
 *
 * @param current the schema version that this stemma writes.
 * @param what the record, for messages: `manifest sha256:…`.
 * @throws {StemmaError} FORMAT_TOO_NEW for a record of a later stemma; INVALID_INPUT for one without a schema version, or of a
 * version that no step reads.
 * @example
 * ```ts
 * const manifest = parse(manifestSchema, upgrade(value, MANIFEST_UPGRADES, 1, 'manifest'), { what: 'manifest' })
 * ```
 */
export function upgrade(value: unknown, steps: readonly UpgradeStep[], current: number, what: string): unknown {
  if (!isRecord(value)) throw new StemmaError('INVALID_INPUT', `${what} is not a record; wanted an object with schemaVersion`)
  const stored = value.schemaVersion
  if (typeof stored !== 'number' || !Number.isSafeInteger(stored) || stored < 1) {
    throw new StemmaError('INVALID_INPUT', `${what} has no schemaVersion; wanted an integer from 1 to ${current}`)
  }
  if (stored > current) {
    throw new StemmaError('FORMAT_TOO_NEW', `${what} has schema version ${stored}; this stemma reads up to ${current}`, {
      hint: 'Update stemma to read it.',
      details: { found: stored, supported: current }
    })
  }
  let record: StoredRecord = value
  for (let version = stored; version < current; version += 1) {
    const step = steps.find(({ from }) => from === version)
    if (!step)
      throw new StemmaError('INVALID_INPUT', `${what} has schema version ${version}, which this stemma cannot upgrade to ${current}`)
    record = { ...step.apply(record), schemaVersion: version + 1 }
  }
  return record
}

function isRecord(value: unknown): value is StoredRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
