import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { isStemmaError } from '../../src/errors/stemma-error.js'
import { openRegistry } from '../../src/registry/open-registry.js'
import type { Registry } from '../../src/registry/registry.js'
import { all, errorOf, logSmall, temporaryFolder, testRegistry } from '../support/test-registry.js'

/** Calls a function as a program without types can: with anything. */
function untyped(target: object, method: string, ...values: unknown[]): unknown {
  const member: unknown = Reflect.get(target, method)
  if (typeof member !== 'function') throw new TypeError(`${method} is no function`)
  return Reflect.apply(member, target, values)
}

async function settle(result: unknown): Promise<void> {
  if (typeof result === 'object' && result !== null && Symbol.asyncIterator in result) {
    const iterator: unknown = untyped(result, 'next')
    await iterator
  } else await result
}

/** For each argument of each verb: the arguments, with a hostile value in that place. */
const CALLS: readonly [string, (value: unknown) => unknown[]][] = [
  ['logModel', (value) => [value]],
  ['logModel', (value) => [{ name: 'm', artifacts: { 'a\\': 'x' }, capture: false }, value]],
  ...['name', 'version', 'bump', 'params', 'metrics', 'evaluations', 'featureImportance', 'tags', 'description', 'aliases'].map(inLogInput),
  ...['datasets', 'derivedFrom', 'preprocessing', 'signature', 'training', 'capture', 'symlinks', 'allowSecretsAt'].map(inLogInput),
  ...['signal', 'onProgress', 'operationId', 'actor'].map(
    (field): [string, (value: unknown) => unknown[]] => [
      'logModel',
      (value) => [{ name: 'm', artifacts: { 'a\\': 'x' }, capture: false }, { [field]: value }]
    ]
  ),
  ['getModel', (value) => [value]],
  ['getModel', (value) => ['m@9.9.9', value]],
  ['getVersion', (value) => [value]],
  ['getVersion', (value) => ['m@9.9.9', value]],
  ['findVersion', (value) => [value]],
  ['findVersion', (value) => ['m@1.0.0', value]],
  ['transitionStage', (value) => [value, 'staging']],
  ['transitionStage', (value) => ['m@9.9.9', value]],
  ['transitionStage', (value) => ['m@9.9.9', 'production', value]],
  ['rollback', (value) => [value]],
  ['rollback', (value) => ['m', value]],
  ['rollback', (value) => ['m', { to: value }]],
  ['updateMetadata', (value) => [value, { description: 'x' }]],
  ['updateMetadata', (value) => ['m@9.9.9', value]],
  ['updateMetadata', (value) => ['m@9.9.9', { description: 'x' }, value]],
  ['deleteVersion', (value) => [value, { reason: 'x' }]],
  ['deleteVersion', (value) => ['m@9.9.9', value]],
  ['models', (value) => [value]],
  ['versions', (value) => [value]],
  ['versions', (value) => ['m', value]],
  ['search', (value) => [value]],
  ['search', (value) => [{}, value]],
  ['history', (value) => [value]],
  ['history', (value) => ['m', value]],
  ['lineage', (value) => [value]],
  ['lineage', (value) => ['m', value]],
  ['compare', (value) => [value, 'm']],
  ['compare', (value) => ['m', 'm', value]],
  ['verify', (value) => [value]],
  ['verify', (value) => ['m', value]],
  ['collectGarbage', (value) => [value]],
  ['collectGarbage', (value) => [{ graceMs: value, dryRun: true }]],
  ['discardQueued', (value) => [value]],
  ['discardQueued', (value) => ['x', value]],
  ['watch', (value) => [value, { signal: AbortSignal.abort(new DOMException('aborted', 'AbortError')) }]],
  ['resolveCommit', (value) => [value, 'x']],
  ['resolveCommit', (value) => ['m', value]]
]

function inLogInput(field: string): [string, (value: unknown) => unknown[]] {
  return ['logModel', (value) => [{ name: 'm', artifacts: { 'a\\': 'x' }, capture: false, [field]: value }]]
}

const BARE: unknown = Object.create(null)
const INHERITING: unknown = JSON.parse('{"__proto__": {"name": "m"}}')
const HOSTILE: readonly unknown[] = [
  ...[null, 0, -1, NaN, Infinity, 5n, true, '', ' ', '\0', '\ud800', '../x', '__proto__', 'constructor', 'm@toString', 'x'.repeat(100_000)],
  ...[[], [null], {}, { name: null }, { name: 'm', version: 5 }, { signal: 0 }, { signal: null }, { onProgress: 1 }, { reason: 5 }, { to: null }],
  ...[Symbol('x'), () => 1, new Date(NaN), new Map(), BARE, { name: 'm', at: new Date(NaN) }, INHERITING]
]

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.startsWith('models') && statSync(join(folder, name)).isFile())
    .sort()
}

async function seeded(): Promise<{ registry: Registry; root: string }> {
  const root = join(temporaryFolder(), 'store')
  const registry = await testRegistry(root)
  await logSmall(registry, 'm', 'x')
  return { registry, root }
}

describe('values of a wrong type', () => {
  it.each(CALLS.map(([verb, argumentsWith], index) => ({ verb, argumentsWith, index })))(
    'give typed errors from $verb and leave the store as it was (call $index)',
    async ({ verb, argumentsWith }) => {
      const { registry, root } = await seeded()
      const before = filesOf(root)
      for (const value of HOSTILE) {
        try {
          await settle(untyped(registry, verb, ...argumentsWith(value)))
        } catch (error) {
          if (error instanceof DOMException) continue
          expect(isStemmaError(error), `${verb} with ${typeof value}: ${String(error)}`).toBe(true)
          expect(() => JSON.stringify(error)).not.toThrow()
        }
      }
      expect(filesOf(root)).toEqual(before)
    }
  )

  it('give typed errors also when they are found by chance', async () => {
    const { registry, root } = await seeded()
    const before = filesOf(root)
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...CALLS), fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }), async ([verb, argumentsWith], value) => {
        try {
          await settle(untyped(registry, verb, ...argumentsWith(value)))
        } catch (error) {
          if (!(error instanceof DOMException)) expect(isStemmaError(error), `${verb}: ${String(error)}`).toBe(true)
        }
      }),
      { numRuns: 300 }
    )
    expect(filesOf(root)).toEqual(before)
  })

  it.each(['durability', 'create', 'policy', 'cache', 'actor', 'signal', 'logger', 'clock', 'sources'])('are refused as %s of openRegistry', async (field) => {
    for (const value of [null, 5, '']) {
      const error = await errorOf(openRegistry('memory:', { [field]: value }))
      expect(error.code).toBe('INVALID_INPUT')
      expect(error.message).toContain(field)
    }
  })

  it('are refused as target and options of openRegistry', async () => {
    for (const value of [null, 5, {}, []]) await expect(untyped({ openRegistry }, 'openRegistry', value)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    for (const value of [null, 5, 'x', []]) await expect(untyped({ openRegistry }, 'openRegistry', 'memory:', value)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})

/** Fields that calls take, as an attacker would put them where every object inherits them. */
const INHERITED: Readonly<Record<string, unknown>> = {
  ...{ into: '/nonexistent/elsewhere', overwrite: true, include: ['nothing'], verify: 'never', fallback: 'last-known-good' },
  ...{ actor: 'mallory', operationId: 'op', reason: 'evil', expectedCurrent: '9.9.9', to: '1.0.0', force: true, graceMs: 0 },
  ...{ symlinks: 'follow', bump: 'major', maxHops: 0, direction: 'evil', durability: 'evil', create: false, clock: () => 5, sources: {}, includeDeleted: true }
}

describe('what every object inherits', () => {
  afterEach(() => {
    for (const field of Object.keys(INHERITED)) Reflect.deleteProperty(Object.prototype, field)
  })

  it.each(Object.keys(INHERITED))('is not taken for an option: %s', async (field) => {
    const cache = join(temporaryFolder(), 'cache')
    Object.defineProperty(Object.prototype, field, { value: INHERITED[field], writable: true, configurable: true })
    const registry = await openRegistry('memory:', { cache })
    await logSmall(registry, 'm', 'one')
    const second = await logSmall(registry, 'm', 'two')
    await registry.transitionStage('m@1.0.0', 'production')
    await registry.transitionStage('m@1.0.1', 'production', {})
    await registry.rollback('m')
    await registry.updateMetadata('m', { description: 'x' })
    await registry.collectGarbage()
    const { dir } = await registry.getModel('m@production')
    Reflect.deleteProperty(Object.prototype, field)
    const entries = await all(registry.history('m'))
    await registry.close()
    expect(second.version).toBe('1.0.1')
    expect(dir.startsWith(cache)).toBe(true)
    expect(entries.map(({ actor, reason }) => [actor, reason])).toEqual(entries.map(() => [undefined, undefined]))
    expect(entries.every(({ at }) => at > '2020')).toBe(true)
  })
})
