import * as z from 'zod'
import { digestSchema } from '../../schemas/digest.js'
import { birthSchema } from '../../schemas/birth.js'
import { derivationRelationSchema } from '../../schemas/derivation.js'
import { instantSchema } from '../../schemas/json-value.js'

/** A model that waits in the outbox: whole, durable, and not in the registry yet. */
export interface QueuedModel {
  queued: true
  /** What `discardQueued` takes; the name of its folder. */
  id: string
  name: string
  /** The digest that the version will have. */
  digest: string
  /** Of all artifacts. */
  sizeBytes: number
  artifactCount: number
  /** ISO 8601, UTC. */
  queuedAt: string
  /** What makes its delivery happen once, however often it is tried. */
  operationId: string
  /** Where it waits; `discardQueued` gives it up. */
  folder: string
}

/** What `queued.json` of a queued model says: the request as it will be made. */
export const queuedEntrySchema = z.strictObject({
  format: z.literal(1),
  /** Of the registry that it is meant for. */
  location: z.string(),
  queuedAt: instantSchema,
  operationId: z.string(),
  actor: z.string().optional(),
  name: z.string(),
  manifest: digestSchema,
  sizeBytes: z.int().nonnegative(),
  artifactCount: z.int().nonnegative(),
  /** Without origins: those need the registry. */
  birth: birthSchema,
  /** What it was made from, pinned to the time when it was queued. */
  origins: z.array(z.strictObject({ model: z.string(), relation: derivationRelationSchema })),
  version: z.union([z.strictObject({ exact: z.string() }), z.strictObject({ bump: z.enum(['major', 'minor', 'patch', 'prerelease']) })]),
  tags: z.record(z.string(), z.string()),
  description: z.string().optional(),
  aliases: z.array(z.string()),
  allowSecretsAt: z.array(z.string()).optional()
})
/** What `queued.json` of a queued model says. */
export type QueuedEntry = z.infer<typeof queuedEntrySchema>

/** The entry as callers see it. */
export function toQueuedModel({ name, manifest, sizeBytes, artifactCount, queuedAt, operationId }: QueuedEntry, { id, folder }: { id: string; folder: string }): QueuedModel {
  return { queued: true, id, name, digest: manifest, sizeBytes, artifactCount, queuedAt, operationId, folder }
}
