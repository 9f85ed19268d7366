import { ROUTES } from '../../wire/routes.js'
import type { Handler, ServerContext } from '../context.js'
import { answerWithProgress } from '../events/with-progress.js'
import { readJson } from '../read-json.js'
import { mutation } from './mutation-handlers.js'
import { toWire } from './to-wire.js'

/** The routes that read many bytes before they can answer. */
export function createLongHandlers(context: ServerContext): Record<'rollback' | 'verify' | 'garbage', Handler> {
  const { registry } = context
  return {
    rollback: async (call) => {
      const { name, actor, ...options } = await readJson(call, ROUTES.rollback.body)
      await answerWithProgress(context, call, async (transfer) => toWire(await registry.rollback(name, { ...options, ...mutation(call, actor), ...transfer })))
    },
    verify: async (call) => {
      const { reference } = await readJson(call, ROUTES.verify.body)
      await answerWithProgress(context, call, (transfer) => registry.verify(reference, transfer))
    },
    garbage: async (call) => {
      const options = await readJson(call, ROUTES.garbage.body)
      await answerWithProgress(context, call, (transfer) => registry.collectGarbage({ ...options, ...transfer }))
    }
  }
}
