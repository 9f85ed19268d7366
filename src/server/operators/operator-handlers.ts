import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import { toReference } from '../../record/parse-reference.js'
import { describeApi } from '../../wire/openapi.js'
import type { TokenSource } from '../admit.js'
import type { Handler, ServerContext } from '../context.js'
import { refusal } from '../refusal.js'
import { sendText } from '../reply.js'
import type { Metrics } from './metrics.js'

type OperatorRoute = 'health' | 'ready' | 'metrics' | 'openapi'

/** How long an answer about the store is good: a probe costs the store little, however often it comes. */
const READY_MS = 1_000

/** The routes for those who run the server. */
export function createOperatorHandlers(context: ServerContext, { metrics, tokens }: { metrics: Metrics | undefined; tokens: TokenSource }): Record<OperatorRoute, Handler> {
  const isReady = rememberFor(context, () => canBeRead(context))
  let api: string | undefined
  return {
    health: ({ outgoing }) => {
      sendText(outgoing, 200, 'ok\n')
      return Promise.resolve()
    },
    ready: async ({ outgoing }) => {
      if (context.closing.aborted) throw new StemmaError('CLOSED', 'the server is stopping', { retryable: true })
      // Who cannot tell one token from another answers nobody.
      await tokens()
      if (!(await isReady())) throw refusal('REGISTRY_UNAVAILABLE', 'the store cannot be read now', { headers: { 'retry-after': '1' } })
      sendText(outgoing, 200, 'ready\n')
    },
    metrics: async ({ outgoing }) => {
      if (!metrics) throw new StemmaError('UNSUPPORTED', 'this server keeps no figures', { hint: 'Start it with metrics: true.' })
      const { text, contentType } = await metrics.show()
      sendText(outgoing, 200, text, { 'content-type': contentType })
    },
    openapi: ({ outgoing }) => {
      api ??= JSON.stringify(describeApi())
      sendText(outgoing, 200, api, { 'content-type': 'application/json' })
      return Promise.resolve()
    }
  }
}

/** Asks for a model that need not be there: that it is not can only be told of a store that can be read. */
async function canBeRead({ backend, logger }: ServerContext): Promise<boolean> {
  try {
    await backend.resolve(toReference('stemma-readiness-probe'), {})
    return true
  } catch (error) {
    if (isStemmaError(error, 'NOT_FOUND', 'VERSION_DELETED')) return true
    logger.warn?.('the store cannot be read', { error })
    return false
  }
}

/** Asks at most once in {@link READY_MS}, whoever wants to know. */
function rememberFor({ sources }: ServerContext, ask: () => Promise<boolean>): () => Promise<boolean> {
  let answer: Promise<boolean> | undefined
  let askedAtMs = 0
  return () => {
    const nowMs = sources.monotonicNow()
    if (answer === undefined || nowMs - askedAtMs > READY_MS) {
      answer = ask()
      askedAtMs = nowMs
    }
    return answer
  }
}
