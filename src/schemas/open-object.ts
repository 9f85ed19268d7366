import * as z from 'zod'

/**
 * An object schema that is read loosely and typed exactly: fields that a newer stemma added are kept when a record is read, while
 * its type has only the fields that this one knows, so that a mistyped field does not compile. (`z.looseObject` would give every
 * type an index signature, with which `version.metricz` compiles.)
 */
export function openObject<Shape extends z.core.$ZodShape>(shape: Shape): z.ZodObject<Shape>
export function openObject(shape: z.core.$ZodShape): z.ZodObject {
  return z.looseObject(shape)
}
