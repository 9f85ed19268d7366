import { styleText } from 'node:util'
import type { OutputStream, Terminal } from '../terminal.js'

const STYLES = { strong: 'bold', faint: 'dim', good: 'green', bad: 'red', warning: 'yellow', name: 'cyan' } as const

/** Colours text, or leaves it as it is. */
export type Paint = (style: keyof typeof STYLES, text: string) => string

/**
 * Colours for a stream: on terminals that have some, unless `NO_COLOR` is set; `FORCE_COLOR` says it for every stream, `0` never.
 * See no-color.org and force-color.org.
 */
export function paintFor(stream: OutputStream, environment: Terminal['environment'] = process.env): Paint {
  return hasColours(stream, environment) ? (style, text) => styleText(STYLES[style], text, { validateStream: false }) : (_style, text) => text
}

function hasColours({ isTTY }: OutputStream, environment: Readonly<Record<string, string | undefined>>): boolean {
  const { FORCE_COLOR: force, NO_COLOR: none, TERM: kind } = environment
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false'
  return isTTY === true && (none === undefined || none === '') && kind !== 'dumb'
}
