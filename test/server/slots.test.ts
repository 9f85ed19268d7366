import { expect, it } from 'vitest'
import { isStemmaError } from '../../src/errors/stemma-error.js'
import { replyOf } from '../../src/server/refusal.js'
import { createSlots } from '../../src/server/slots.js'

it('counts for each holder, and takes a place back once', () => {
  const slots = createSlots('requests')
  const first = slots.take('one', 2)
  slots.take('one', 2)
  slots.take('two', 2)
  expect(slots.count()).toBe(3)
  const refused = ((): unknown => {
    try {
      return slots.take('one', 2)
    } catch (error) {
      return error
    }
  })()
  if (!isStemmaError(refused, 'TOO_MANY_REQUESTS')) throw new Error('a third one was let in')
  expect(refused.retryable).toBe(true)
  expect(replyOf(refused)).toEqual({ status: 429, headers: { 'retry-after': '1' } })
  first()
  first()
  expect(slots.count()).toBe(2)
  slots.take('one', 2)
})
