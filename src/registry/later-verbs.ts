import { discardQueued } from './discard-queued.js'
import { flushOutbox } from './flush-outbox.js'
import { logModel } from './log-model.js'
import { outbox } from './outbox.js'
import { search } from './search.js'

/** The verbs that need much code of their own: loaded together, when one of them is called, so that a service that serves starts without. */
export const laterVerbs = { discardQueued, flushOutbox, logModel, outbox, search }
