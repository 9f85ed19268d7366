import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { createMemoryBackend } from '../backends/memory/create-memory-backend.js'
import { checkPolicy } from '../record/check-policy.js'
import { bindVerbs } from '../registry/bind-verbs.js'
import type { LoadedModel } from '../registry/get-model.js'
import { guardCalls } from '../registry/guard-calls.js'
import { ownOptions } from '../registry/own-options.js'
import type { Registry } from '../registry/registry.js'
import { actorSchema } from '../schemas/actor.js'
import { capturedSchema, type Captured } from '../schemas/captured.js'
import { parse } from '../schemas/parse.js'
import type { Policy } from '../schemas/policy.js'
import type { Sources } from '../util/sources.js'
import type { Fault } from './faults/fault.js'
import { injectFaults } from './faults/inject-faults.js'
import { withFixedCapture } from './fixed-capture.js'
import { createTestClock, type TestClock } from './test-clock.js'

/** Options of {@link createTestRegistry}. */
export interface TestRegistryOptions {
  /** What the clock shows at first. @default '2026-01-01T00:00:00.000Z' */
  startAt?: string | undefined
  /** Of all ids: registries with the same seed that are asked the same give the same. @default 1 */
  seed?: number | undefined
  /** Stages and rules. @default the built-in stages, every move allowed */
  policy?: Partial<Policy> | undefined
  /** Who asks for changes when a call does not say. @default nobody; `STEMMA_ACTOR` is not read */
  actor?: string | undefined
  /** What every version has captured, in place of anything of this machine. @default nothing: all parts are `unavailable` */
  captured?: Partial<Captured> | undefined
  /** What `getModel` finds different here. @default [] */
  environmentDifferences?: LoadedModel['environmentDifferences'] | undefined
  /** What goes wrong below the verbs; the array may be added to while the test runs. See `injectFaults`. */
  faults?: readonly Fault[] | undefined
}

/** A registry for one test. */
export interface TestRegistry extends Registry {
  /** Shows the same time until it is moved. */
  readonly clock: TestClock
  /** The clock and the ids as `startTraining({ sources })` takes them. */
  readonly sources: Sources
}

const DEFAULT_START = '2026-01-01T00:00:00.000Z'
const optionsSchema = z
  .object({
    startAt: z.string(),
    seed: z.int(),
    policy: z.looseObject({}),
    actor: actorSchema,
    captured: capturedSchema.partial(),
    environmentDifferences: z.array(z.unknown()),
    faults: z.array(z.unknown())
  })
  .partial()
const KNOWN = Object.keys(optionsSchema.shape)

/**
 * A real registry in memory, with the rules and checks of every other one, that gives the same values in every run: its clock stands still,
 * its ids are counted from a seed, and nothing of this machine is captured. Two of them share nothing. `close()`, which `await using` calls,
 * removes all that it has on disk: the cache of `getModel`.
 *
 * @throws {StemmaError} INVALID_INPUT for options that are none.
 * @example
 * ```ts
 * await using registry = createTestRegistry()
 * await registry.logModel({ name: 'credit-score', artifacts: onnxModel() })
 * registry.clock.advance(86_400_000)
 * await registry.transitionStage('credit-score', 'production')
 * ```
 */
export function createTestRegistry(options: TestRegistryOptions = {}): TestRegistry {
  const what = 'createTestRegistry options'
  const own = ownOptions(options, what, KNOWN)
  parse(optionsSchema, own, { what })
  const { startAt = DEFAULT_START, seed = 1, actor, captured = {}, environmentDifferences = [], faults } = own
  const { clock, sources } = createTestClock({ startAt, seed })
  const policy = own.policy === undefined ? undefined : checkPolicy(own.policy)
  // What events say of their writer is part of their digest: another version of stemma must not give other digests.
  const memory = createMemoryBackend({ policy, sources, writer: { id: '0000000000000000', library: 'stemma/testing' } })
  const backend = withFixedCapture(faults === undefined ? memory : injectFaults(memory, faults, { sources }), captured)
  const folder = mkdtempSync(join(tmpdir(), 'stemma-test-'))
  const registry = guardCalls(bindVerbs(backend, { cache: join(folder, 'cache'), outbox: join(folder, 'outbox'), actor }, sources))

  let closing: Promise<void> | undefined
  const close = (): Promise<void> =>
    (closing ??= registry.close().finally(() => {
      rmSync(folder, { recursive: true, force: true })
    }))
  return {
    ...registry,
    clock,
    sources,
    logModel: (input, callOptions) => registry.logModel({ ...input, capture: false }, callOptions),
    getModel: async (reference, callOptions) => ({ ...(await registry.getModel(reference, callOptions)), environmentDifferences }),
    close,
    [Symbol.asyncDispose]: close
  }
}
