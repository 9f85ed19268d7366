import { StemmaError } from '../errors/stemma-error.js'
import { secretShapeOf } from '../record/secret-shapes.js'

/**
 * Refuses names and identifiers that are shaped like a token: `https://user:token@ci` as the actor, a job's token in an operation
 * id. Other than in free metadata, randomness alone is no reason here: an operation id is often random.
 *
 * @throws {StemmaError} SECRET_IN_METADATA naming the field and the shape, never the text.
 */
export function refuseSecretShapes(fields: Readonly<Record<string, unknown>>): void {
  for (const [field, value] of Object.entries(fields)) {
    for (const text of Array.isArray(value) ? value : [value]) {
      const why = typeof text === 'string' ? secretShapeOf(text) : undefined
      if (why === undefined) continue
      throw new StemmaError('SECRET_IN_METADATA', `${field} looks like a secret: ${why}`, {
        hint: 'Leave it out, or give a name in place of it: what is logged can never be taken back.',
        details: { findings: [{ path: field, why }] }
      })
    }
  }
}
