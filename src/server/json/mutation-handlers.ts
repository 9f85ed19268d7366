import { contextOf } from '../../registry/registry-context.js'
import { registerVersion } from '../../registry/register-version.js'
import { ROUTES } from '../../wire/routes.js'
import { assertScope } from '../admit.js'
import type { Call, Handler, ServerContext } from '../context.js'
import { readJson } from '../read-json.js'
import { actorOf } from './actor.js'
import { sendVersion } from './to-wire.js'

type MutationRoute = 'createVersion' | 'transition' | 'metadata' | 'deletion'

/** The routes that change something and take no longer than one event. */
export function createMutationHandlers({ registry }: ServerContext): Record<MutationRoute, Handler> {
  return {
    createVersion: async (call) => {
      const { actor, ...version } = await readJson(call, ROUTES.createVersion.body)
      if (version.aliases.length > 0) assertScope(call.caller, 'promote')
      sendVersion(call, await registerVersion(contextOf(registry), version, mutation(call, actor)))
    },
    transition: async (call) => {
      const { reference, stage, actor, ...options } = await readJson(call, ROUTES.transition.body)
      sendVersion(call, await registry.transitionStage(reference, stage, { ...options, ...mutation(call, actor) }))
    },
    metadata: async (call) => {
      const { reference, actor, ...changes } = await readJson(call, ROUTES.metadata.body)
      const { aliases, removeAliases, approval } = changes
      if (aliases !== undefined || removeAliases !== undefined || approval !== undefined) assertScope(call.caller, 'promote')
      sendVersion(call, await registry.updateMetadata(reference, changes, mutation(call, actor)))
    },
    deletion: async (call) => {
      const { reference, reason, actor } = await readJson(call, ROUTES.deletion.body)
      sendVersion(call, await registry.deleteVersion(reference, { reason, ...mutation(call, actor) }))
    }
  }
}

/** What every change carries besides its own fields. */
export function mutation({ caller, operationId, signal }: Call, said: string | undefined): { operationId: string | undefined; actor: string | undefined; signal: AbortSignal } {
  return { operationId, actor: actorOf(caller, said), signal }
}
