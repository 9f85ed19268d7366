import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { parse } from '../../src/schemas/parse.js'

const messageOf = (schema: z.ZodType, value: unknown): string => {
  try {
    parse(schema, value, { what: 'input' })
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  return 'accepted'
}

describe('parse', () => {
  it('names an unknown field, and the one that was likely meant', () => {
    expect(messageOf(z.strictObject({ metrics: z.number(), tags: z.unknown().optional() }), { metrcs: 1 })).toBe(
      'input: unknown field "metrcs" (did you mean metrics?); known are metrics, tags (and 1 more)'
    )
  })

  it('shows a few of many unknown fields, and the beginning of a long one', () => {
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`f${index}`, 1]))
    expect(messageOf(z.strictObject({}), many)).toMatch(/^input: unknown fields "f0", .{1,80}, "f9", and 49990 more$/)
    expect(messageOf(z.strictObject({ a: z.number().optional() }), { ['x'.repeat(1_000_000)]: 1 }).length).toBeLessThan(200)
  })

  it('explains the form that a value came nearest to', () => {
    const schema = z.object({ from: z.union([z.string(), z.strictObject({ relation: z.enum(['merged', 'pruned']) })]) })
    expect(messageOf(schema, { from: { relation: 'purned' } })).toBe('input at from.relation: Invalid option: expected one of "merged"|"pruned"')
    expect(messageOf(schema, { from: 7 })).toBe('input at from: Invalid input: expected string, received number; or: Invalid input: expected object, received number')
  })

  it('says so when too much is wrong to be told', () => {
    const wrong = Object.fromEntries(Array.from({ length: 200_000 }, (_, index) => [`k${index}`, 1]))
    expect(messageOf(z.object({ tags: z.record(z.string(), z.string()) }), { tags: wrong })).toContain('input: too much of it is wrong')
  })

  it('counts further faults', () => {
    expect(messageOf(z.object({ a: z.string(), b: z.string() }), {})).toBe('input at a: Invalid input: expected string, received undefined (and 1 more)')
  })
})
