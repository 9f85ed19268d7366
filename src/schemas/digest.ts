import * as z from 'zod'

/** A sha256 digest: `sha256:` and 64 lower-case hex digits. */
export const digestSchema = z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)])

/** A sha256 digest: `sha256:` and 64 lower-case hex digits. */
export type Digest = z.infer<typeof digestSchema>
