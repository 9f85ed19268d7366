import * as z from 'zod'
import { isNearName, nearestNames } from '../util/nearest-names.js'

/** A fault of a value, as the end of a sentence; `path` is where it is. */
export interface DescribedIssue {
  path: readonly PropertyKey[]
  message: string
}

/**
 * Says what is wrong in the words of the library's users: names that are not known come with the one that was likely meant, and of a choice
 * of forms the one is explained that the value came nearest to.
 */
export function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodType): DescribedIssue {
  if (issue.code === 'unrecognized_keys') return { path: issue.path, message: unknownKeys(issue.keys, knownKeys(schema, issue.path)) }
  if (issue.code !== 'invalid_union') return { path: issue.path, message: issue.message }
  const branches = issue.errors.flatMap((errors) => errors.slice(0, 1))
  const nearest = branches.toSorted((a, b) => b.path.length - a.path.length)[0]
  if (nearest === undefined) return { path: issue.path, message: issue.message }
  // No form fits better than another: all are named.
  if (nearest.path.length === 0) return { path: issue.path, message: [...new Set(branches.map(({ message }) => message))].join('; or: ') }
  const inner = describeIssue(nearest, schema)
  return { path: [...issue.path, ...inner.path], message: inner.message }
}

/** Names that a message shows, and characters of each: they may come from anywhere. */
const MAX_KEYS = 10
const MAX_KEY_LENGTH = 100

function unknownKeys(keys: readonly string[], known: readonly string[]): string {
  const said = keys.slice(0, MAX_KEYS).map((key) => {
    if (key.length > MAX_KEY_LENGTH) return JSON.stringify(`${key.slice(0, MAX_KEY_LENGTH)}…`)
    const nearest = nearestNames(key, known)[0]
    return nearest !== undefined && isNearName(key, nearest) ? `${JSON.stringify(key)} (did you mean ${nearest}?)` : JSON.stringify(key)
  })
  if (keys.length > MAX_KEYS) said.push(`and ${keys.length - MAX_KEYS} more`)
  const list = known.length > 0 ? `; known are ${known.join(', ')}` : ''
  return `unknown ${keys.length === 1 ? 'field' : 'fields'} ${said.join(', ')}${list}`
}

/** The fields of the object at a path; empty where the schema is not simply an object there. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  return path.length === 0 && schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}
