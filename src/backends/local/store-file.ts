import * as z from 'zod'
import { StemmaError } from '../../errors/stemma-error.js'
import { parse } from '../../schemas/parse.js'
import { policySchema, type Policy } from '../../schemas/policy.js'
import { canonicalJson } from '../../util/canonical-json.js'
import type { Publish } from './slot-files.js'

/** Format of the local store that this stemma reads and writes. */
export const STORE_FORMAT = 1

const storeFileSchema = z.looseObject({
  format: z.literal(STORE_FORMAT),
  /** Random, given once: two folders with the same one are copies of each other. */
  id: z.string().min(1),
  createdAt: z.iso.datetime(),
  /** How a slot is created, see {@link Publish}. Others can come with other file systems. */
  publish: z.string(),
  policy: policySchema
})

/** What `store.json` says: the mark by which a folder is known as a store. */
export type StoreFile = z.infer<typeof storeFileSchema> & { publish: Publish }

/** The bytes of `store.json`: for people to read, too. */
export function encodeStoreFile(file: StoreFile): Uint8Array {
  return Buffer.from(`${JSON.stringify(file, null, 2)}\n`)
}

/**
 * Reads `store.json`.
 *
 * @throws {StemmaError} STORE_INVALID when it is damaged, FORMAT_TOO_NEW, UNSUPPORTED for a way of publishing that is not known.
 */
export function decodeStoreFile(bytes: Uint8Array, root: string): StoreFile {
  const value = readJson(bytes, root)
  const format = z.looseObject({ format: z.int() }).safeParse(value)
  if (format.success && format.data.format > STORE_FORMAT) {
    throw new StemmaError('FORMAT_TOO_NEW', `the store ${root} has format ${format.data.format}, this stemma knows up to ${STORE_FORMAT}`, {
      hint: 'Upgrade stemma.',
      details: { root, format: format.data.format, supported: STORE_FORMAT }
    })
  }
  const file = parse(storeFileSchema, value, { what: `store.json of ${root}`, code: 'STORE_INVALID', hint: RESTORE })
  const { publish } = file
  if (publish === 'link' || publish === 'rename') return { ...file, publish }
  throw new StemmaError('UNSUPPORTED', `the store ${root} publishes by '${publish}', this stemma by 'link' or 'rename'`, {
    hint: 'Upgrade stemma.',
    details: { root, publish }
  })
}

/** @throws {StemmaError} CONFLICT when a policy is asked for that is not the store's own. */
export function checkStoredPolicy(stored: Policy, asked: Policy | undefined, root: string): void {
  if (asked === undefined || canonicalJson(asked) === canonicalJson(stored)) return
  const differing = (['stages', 'forbiddenMoves', 'reasonRequiredFor'] as const).filter(
    (rule) => canonicalJson(asked[rule]) !== canonicalJson(stored[rule])
  )
  const how = differing.map((rule) => `${rule}: ${canonicalJson(stored[rule])} there, ${canonicalJson(asked[rule])} asked`)
  throw new StemmaError('CONFLICT', `the store ${root} has another policy than the one given (${how.join('; ')})`, {
    hint: 'Rules are set when a store is created. Open it without a policy, or create another store.',
    details: { root, stored, asked, differing }
  })
}

const RESTORE = 'Restore store.json from a backup; the journals beside it are untouched.'

function readJson(bytes: Uint8Array, root: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new StemmaError('STORE_INVALID', `store.json of ${root} is not JSON`, { hint: RESTORE, details: { root }, cause })
  }
}
