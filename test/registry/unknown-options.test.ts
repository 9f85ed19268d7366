import { expect, it } from 'vitest'
import type { Registry } from '../../src/registry/registry.js'
import { all, errorOf, logSmall, testRegistry } from '../support/test-registry.js'

/** Calls as a program in plain JavaScript may make them. */
const calls: [string, string, (registry: Registry) => Promise<unknown>][] = [
  // @ts-expect-error a mistyped option
  ['transitionStage', 'audience', (registry) => registry.transitionStage('m', 'production', { audiance: 'berlin' })],
  // @ts-expect-error a mistyped option
  ['rollback', 'reason', (registry) => registry.rollback('m', { reson: 'x' })],
  // @ts-expect-error a mistyped option
  ['collectGarbage', 'dryRun', (registry) => registry.collectGarbage({ dryrun: true })],
  // @ts-expect-error a mistyped option
  ['getModel', 'fallback', (registry) => registry.getModel('m', { fallbak: 'last-known-good' })],
  // @ts-expect-error a mistyped option
  ['versions', 'includeDeleted', (registry) => all(registry.versions('m', { includeDelete: true }))],
  // @ts-expect-error a mistyped option
  ['deleteVersion', 'reason', (registry) => registry.deleteVersion('m#1', { reasn: 'x' })],
  // @ts-expect-error a mistyped option
  ['openRegistry', 'create', () => testRegistry('memory:', { creat: false })]
]

it.each(calls)('%s refuses a mistyped option and names %s', async (_verb, meant, call) => {
  const registry = await testRegistry()
  await logSmall(registry, 'm', 'a')
  const error = await errorOf(call(registry))
  expect([error.code, error.hint]).toEqual(['INVALID_INPUT', expect.stringContaining(`Did you mean ${meant}?`)])
  expect(await all(registry.history('m'))).toHaveLength(1)
})
