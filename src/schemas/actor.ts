import * as z from 'zod'

/** What a line of a log or a terminal shows as it is: no controls and line breaks, no marks that turn or hide text, no half characters. */
const PLAIN = /^(?:[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|[\u200c\u200d])*$/u
const PLAIN_WANTED = 'wanted a text without line breaks, control characters, invisible marks of direction and half surrogate pairs'
const MAX_LENGTH = 256
/** What a server adds to what its caller said; see `TokenRecord` for the names of tokens. */
const VIA = / via [A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Who asks, as said by a caller: 1 to 256 characters that can be shown as they are. */
export const saidActorSchema = z.string().min(1).max(MAX_LENGTH).refine((actor) => PLAIN.test(actor), { error: PLAIN_WANTED })

/** Who asks, as the history keeps it: as said, and the token that it came with, which does not count. */
export const actorSchema = z
  .string()
  .min(1)
  .refine((actor) => actor.replace(VIA, '').length <= MAX_LENGTH, { error: `wanted at most ${MAX_LENGTH} characters` })
  .refine((actor) => PLAIN.test(actor), { error: PLAIN_WANTED })
