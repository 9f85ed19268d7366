import { join } from 'node:path'
import { encodeModelName } from '../../record/model-name.js'

/** Events never change. */
export const EVENT_MODE = 0o444

const SLOT_DIGITS = 20

/** The folder of all models, from the store's own. */
export const MODELS = 'models'

/** Where a model lies. Absolute paths. */
export interface ModelFolders {
  /** The folder of all models. */
  models: string
  /** The folder of this one. */
  model: string
  /** Its events. */
  log: string
  /** The file of its cached state. */
  snapshot: string
}

/** The folders of a model in the store at `root`. */
export function modelFolders(root: string, name: string): ModelFolders {
  const models = join(root, MODELS)
  const model = join(models, encodeModelName(name))
  return { models, model, log: join(model, 'log'), snapshot: join(model, 'snapshot.json') }
}

/** The file name of an event. */
export function slotName(n: number): string {
  return `${String(n).padStart(SLOT_DIGITS, '0')}.json`
}

/** The place of an event by its file name, `undefined` when it is not the name of one. */
export function slotOf(name: string): number | undefined {
  const n = /^\d{20}\.json$/.test(name) ? Number(name.slice(0, SLOT_DIGITS)) : NaN
  return Number.isSafeInteger(n) ? n : undefined
}
