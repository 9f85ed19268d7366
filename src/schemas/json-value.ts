import * as z from 'zod'

/** A value that JSON expresses without loss. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }

/** A value that JSON expresses without loss. Depth, size and forbidden keys are checked by `record/metadata-value.ts`. */
export const jsonValueSchema: z.ZodType<JsonValue> = z.json()

/** Named numbers, all finite: metrics, feature importances. */
export const numbersSchema = z.record(z.string(), z.number())

/** An instant as ISO 8601 in UTC with milliseconds, `2026-03-01T12:00:00.000Z`. */
export const instantSchema = z.iso.datetime()
