import * as z from 'zod'
import { derivationRelationSchema } from './derivation.js'
import { openObject } from './open-object.js'

/** A thing in the story of a version. `id` is unique in the graph. */
export const lineageNodeSchema = openObject({
  id: z.string(),
  kind: z.enum(['version', 'dataset', 'code', 'environment']),
  label: z.string(),
  /** For a version: its model, version, digest, stage and whether it was deleted. */
  name: z.string().optional(),
  version: z.string().optional(),
  digest: z.string().optional(),
  stage: z.string().optional(),
  deleted: z.boolean().optional(),
  /** Named by a version here, but not in this registry. */
  missing: z.boolean().optional(),
  /**
   * For a missing data set that was asked about: names in the registry that may be meant, likeliest first. With the version, else the
   * digest, when the name is right and only those differ.
   */
  similar: z.array(z.string()).optional()
})
/** A thing in the story of a version. */
export interface LineageNode extends z.infer<typeof lineageNodeSchema> {}

/** `to` was made from `from`. */
export const lineageEdgeSchema = openObject({
  from: z.string(),
  to: z.string(),
  relation: z.enum([...derivationRelationSchema.options, 'trained-on', 'built-from', 'ran-in']),
  /** For a data set: its role. */
  role: z.string().optional()
})
/** `to` was made from `from`. */
export interface LineageEdge extends z.infer<typeof lineageEdgeSchema> {}

/** What made a version, and what was made from it. Edges go from origin to product; nodes and edges are sorted by id. */
export const lineageGraphSchema = openObject({
  /** The id of the node asked about. */
  root: z.string(),
  /** The ids of all nodes asked about, when there may be several: a data set asked for without its version. */
  roots: z.array(z.string()).optional(),
  nodes: z.array(lineageNodeSchema),
  edges: z.array(lineageEdgeSchema),
  /** Whether `maxHops` left something out. */
  truncated: z.boolean()
})
/** What made a version, and what was made from it. */
export interface LineageGraph extends z.infer<typeof lineageGraphSchema> {}
