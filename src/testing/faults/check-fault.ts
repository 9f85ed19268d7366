import * as z from 'zod'
import { ERROR_CODES } from '../../errors/codes.js'
import { parse } from '../../schemas/parse.js'
import type { Fault, FaultyMethod } from './fault.js'

const METHODS: Readonly<Record<FaultyMethod, true>> = {
  openBlob: true,
  keepBlobs: true,
  putBlobs: true,
  createVersion: true,
  transition: true,
  rollback: true,
  updateMetadata: true,
  deleteVersion: true,
  resolve: true,
  lineage: true,
  verify: true,
  collectGarbage: true,
  models: true,
  versions: true,
  search: true,
  history: true,
  changes: true,
  resolveCommit: true
}

const isThenable = (value: unknown): boolean => typeof value === 'object' && value !== null && 'then' in value
// Not only what is an error by its class: one of another realm, and a DOMException, are none.
const isFailure = (value: unknown): boolean => (typeof value === 'string' ? Object.hasOwn(ERROR_CODES, value) : typeof value === 'object' && value !== null && 'message' in value)
const failure = z.custom(isFailure, { error: 'wanted an error, or a code of errors' }).optional()
const place = z.int().nonnegative().optional()

const faultSchema = z
  .strictObject({
    method: z.enum(Object.keys(METHODS), { error: `wanted one of ${Object.keys(METHODS).join(', ')}` }),
    call: z.union([z.int().min(1), z.literal('every')]).optional(),
    fail: failure,
    failAfter: failure,
    delay: z.custom((value) => (typeof value === 'number' ? value >= 0 : isThenable(value)), { error: 'wanted milliseconds or a promise' }).optional(),
    corrupt: place,
    cut: place
  })
  .refine(({ fail, failAfter, delay, corrupt, cut }) => [fail, failAfter, delay, corrupt, cut].some((effect) => effect !== undefined), {
    error: 'wanted one of fail, failAfter, delay, corrupt and cut'
  })
  .refine(({ method, corrupt, cut }) => method === 'openBlob' || (corrupt === undefined && cut === undefined), { error: 'only openBlob gives bytes to corrupt or to cut' })

/** A fault that can never strike would let a test pass that tries nothing. @throws {StemmaError} INVALID_INPUT */
export function checkFault(fault: Fault): void {
  parse(faultSchema, fault, { what: 'injectFaults plan' })
}
