const MAX_LEVELS = 256
/** Lists and keys that begin within one another on one line: `- - - a`. */
const BLOCKS_ON_A_LINE = /(?:[-?:][ \t]+){129}/
const INDENTATION = /^[ \t]{257}/m

/**
 * Whether YAML text may be nested so deep that reading it ends the process: the parser of the package yaml calls itself for each level, and
 * where the stack is almost used up, V8 aborts instead of throwing when it compiles a regular expression there. Some 4,000 levels did, in
 * 4 KiB; this says so from 256 on. Brackets within quotes count too.
 */
export function isNestedTooDeep(text: string): boolean {
  return BLOCKS_ON_A_LINE.test(text) || INDENTATION.test(text) || bracketLevels(text) > MAX_LEVELS
}

function bracketLevels(text: string): number {
  let [level, most] = [0, 0]
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    level = bracket === '[' || bracket === '{' ? level + 1 : Math.max(0, level - 1)
    if (level > most) most = level
  }
  return most
}
