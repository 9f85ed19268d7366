import type { Caller } from '../context.js'

/**
 * Who is written into the history: what the caller said, and the token that it came with. Nobody can act in the name of another token,
 * whatever is said. The token's name does not count for how long an actor may be.
 */
export function actorOf({ name }: Caller, said: string | undefined): string | undefined {
  if (name === undefined) return said
  return said === undefined ? name : `${said} via ${name}`
}
