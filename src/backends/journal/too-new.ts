import { StemmaError } from '../../errors/stemma-error.js'

/** The refusal that an event of a newer stemma leads to. */
export function tooNew(place: { model: string; n: number; path: string }, head: { v: number; type: string }): StemmaError {
  return new StemmaError('FORMAT_TOO_NEW', `event ${place.n} of ${place.model} (${head.type}, format ${head.v}) was written by a newer stemma`, {
    hint: 'Upgrade stemma to the version that wrote it.',
    details: { model: place.model, n: place.n, path: place.path, type: head.type, v: head.v }
  })
}
