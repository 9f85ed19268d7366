import * as z from 'zod'

/** What a process is asked to do. */
export const callRequestSchema = z.object({
  folder: z.string(),
  name: z.string(),
  seed: z.int(),
  count: z.int(),
  /** Whether versions are logged and counted, too. */
  logs: z.boolean(),
  /** When to begin, on the system's monotonic clock. */
  startNs: z.string()
})

/** One call, from just before it was made to just after it returned. */
export const callSchema = z.object({
  kind: z.enum(['live', 'size', 'tag', 'promote', 'log']),
  invokedNs: z.string(),
  returnedNs: z.string(),
  operationId: z.string().optional(),
  version: z.string().optional(),
  tags: z.record(z.string(), z.string()).optional(),
  key: z.string().optional(),
  /** The version that had to be live. */
  expected: z.string().optional(),
  /** Whether a promotion was a CONFLICT. */
  refused: z.boolean().optional(),
  size: z.int().optional()
})
export type Call = z.infer<typeof callSchema>

export const historyAnswerSchema = z.union([z.object({ calls: z.array(callSchema) }), z.object({ failed: z.string() })])

/** A call with its times as numbers from the start of the history, in nanoseconds. */
export interface TimedCall extends Call {
  invoked: number
  returned: number
}

export function timed(calls: readonly Call[]): TimedCall[] {
  const start = calls.reduce((least, { invokedNs }) => (BigInt(invokedNs) < least ? BigInt(invokedNs) : least), BigInt(calls[0]?.invokedNs ?? 0))
  return calls.map((call) => ({ ...call, invoked: Number(BigInt(call.invokedNs) - start), returned: Number(BigInt(call.returnedNs) - start) }))
}

/** Tags as text, equal for equal tags. */
export function tagText(tags: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(tags).sort(([left], [right]) => (left < right ? -1 : 1)))
}
