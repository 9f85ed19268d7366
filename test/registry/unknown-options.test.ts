import { expect, it } from 'vitest'
import type { Registry } from '../../src/registry/registry.js'
import { all, errorOf, logSmall, testRegistry } from '../support/test-registry.js'

/** Calls as a program in plain JavaScript may make them. */
const calls: [string, string, (registry: Registry) => Promise<unknown>][] = [
  // @ts-expect-error mistyped
  ['transitionStage', 'audience', (registry) => registry.transitionStage('m', 'production', { audiance: 'berlin' })],
  // @ts-expect-error mistyped
  ['rollback', 'reason', (registry) => registry.rollback('m', { reson: 'x' })],
  // @ts-expect-error mistyped
  ['collectGarbage', 'dryRun', (registry) => registry.collectGarbage({ dryrun: true })],
  // @ts-expect-error mistyped
  ['getModel', 'fallback', (registry) => registry.getModel('m', { fallbak: 'last-known-good' })],
  // @ts-expect-error mistyped
  ['versions', 'includeDeleted', (registry) => all(registry.versions('m', { includeDelete: true }))],
  // @ts-expect-error mistyped
  ['deleteVersion', 'reason', (registry) => registry.deleteVersion('m#1', { reasn: 'x' })],
  // @ts-expect-error mistyped
  ['openRegistry', 'create', () => testRegistry('memory:', { creat: false })]
]

it.each(calls)('%s refuses a mistyped option and names %s', async (_verb, meant, call) => {
  const registry = await testRegistry()
  await logSmall(registry, 'm', 'a')
  const error = await errorOf(call(registry))
  expect([error.code, error.hint]).toEqual(['INVALID_INPUT', expect.stringContaining(`Did you mean ${meant}?`)])
  expect(await all(registry.history('m'))).toHaveLength(1)
})
