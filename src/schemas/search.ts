import * as z from 'zod'

const scalar = z.union([z.string(), z.number(), z.boolean(), z.date()])
/** A value that a field is compared with. */
export type SearchScalar = string | number | boolean | Date

/** What is asked of one field; all of it must hold. A bare value means `eq`. */
export const conditionSchema = z.union([
  scalar,
  z.strictObject({
    eq: scalar.optional(),
    ne: scalar.optional(),
    lt: scalar.optional(),
    lte: scalar.optional(),
    gt: scalar.optional(),
    gte: scalar.optional(),
    in: z.array(scalar).max(1_000).optional(),
    /** `%` any characters, `_` any one, `\` takes the next character as it is; case counts. */
    like: z.string().max(1_000).optional(),
    exists: z.boolean().optional()
  })
])
/** What is asked of one field. */
export type Condition = z.infer<typeof conditionSchema>

/** A typed filter: field paths with conditions, and `and`, `or`, `not` of filters. All entries must hold. */
export interface Where {
  and?: Where[] | undefined
  or?: Where[] | undefined
  not?: Where | undefined
  [field: string]: Condition | Where | Where[] | undefined
}

/** One key of the order of results. Versions without the field come last either way. */
export const orderSchema = z.strictObject({ field: z.string(), direction: z.enum(['asc', 'desc']).optional() })
/** One key of the order of results. */
export interface Order extends z.infer<typeof orderSchema> {}

/** A search over all versions of a registry. */
export interface SearchQuery {
  /** A typed filter, or the same as text: `metrics.auc >= 0.9 and stage = 'production'`. Absent: every version. */
  where?: Where | string | undefined
  /** @default by `createdAt`, newest first; ties by name, then sequence. Text form: `metrics.auc desc, name`. */
  orderBy?: Order[] | string | undefined
  /** At most this many results. @default no limit */
  limit?: number | undefined
  /** Whether deleted versions are searched too. @default false */
  includeDeleted?: boolean | undefined
}

/** An operator of a filter in parsed form. */
export type Operator = 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte' | 'in' | 'like' | 'exists'

/** A filter in parsed form, to which both the typed and the text form come down. */
export type Filter =
  | { kind: 'and' | 'or'; filters: Filter[] }
  | { kind: 'not'; filter: Filter }
  | { kind: 'compare'; field: string[]; operator: Operator; value: string | number | boolean | (string | number | boolean)[] }

/** A search in parsed form: what backends get. Plain JSON. */
export interface ParsedSearch {
  filter: Filter
  orderBy: { field: string[]; direction: 'asc' | 'desc' }[]
  limit?: number | undefined
  includeDeleted: boolean
  /** Only what comes after this place in the order. @default all */
  after?: SearchPosition | undefined
}

/** A place in the order of a search: what the version that stands there is sorted by. */
export const searchPositionSchema = z.strictObject({
  /** One for each key of the order, `null` where the version has none. */
  keys: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).max(16),
  name: z.string(),
  sequence: z.int()
})
/** A place in the order of a search: what the version that stands there is sorted by. */
export interface SearchPosition extends z.infer<typeof searchPositionSchema> {}
