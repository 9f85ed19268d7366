import { expect, it } from 'vitest'
import * as z from 'zod'
import type { ModelVersion } from '../../src/index.js'
import { openObject } from '../../src/schemas/open-object.js'

it('keeps fields that it does not know when a record is read', () => {
  expect(openObject({ a: z.number() }).parse({ a: 1, newer: { b: 2 } })).toEqual({ a: 1, newer: { b: 2 } })
})

it('types only the fields that it knows', () => {
  const read = (version: ModelVersion): unknown => [
    version.metrics['auc'],
    // @ts-expect-error a mistyped field does not compile
    version.metricz,
    // @ts-expect-error neither does one of a nested record
    version.datasets[0]?.sha256,
    // @ts-expect-error nor one that only a captured part has, before that is known
    version.code.commit,
    version.code.state === 'captured' ? version.code.commit : undefined
  ]
  expect(typeof read).toBe('function')
})
