import { StemmaError } from '../errors/stemma-error.js'
import { isLabel } from './label.js'
import { quote } from './quote.js'
import { readVersionText } from './version-selector.js'

/**
 * Checks a name that shall point at a version: 1 to 128 letters, digits, `.`, `_` and `-`, starting with a letter or digit.
 * A stage of the registry, `latest` (both in any case) and what reads as a version, a range or a digest cannot be one, so that
 * a reference always has one meaning. `v1` and `x` are ranges.
 *
 * @param stages the stages that the registry knows.
 * @returns the same alias.
 * @throws {StemmaError} INVALID_ALIAS
 * @example
 * ```ts
 * checkAlias('champion', policy.stages)
 * ```
 */
export function checkAlias(alias: string, stages: readonly string[]): string {
  const problem = aliasProblem(alias, stages)
  if (problem === undefined) return alias
  throw new StemmaError('INVALID_ALIAS', `alias ${quote(alias)} ${problem.message}`, { hint: problem.hint, details: { alias } })
}

function aliasProblem(alias: string, stages: readonly string[]): { message: string; hint: string } | undefined {
  const another = 'Choose another word, for instance champion.'
  if (typeof alias !== 'string') return { message: 'is not a string', hint: another }
  if (!isLabel(alias)) {
    return { message: 'is not 1 to 128 ASCII letters, digits, ".", "_" and "-", starting with a letter or digit', hint: another }
  }
  const lower = alias.toLowerCase()
  if (lower === 'latest') return { message: 'always means the latest version', hint: another }
  const stage = stages.find((known) => known.toLowerCase() === lower)
  if (stage !== undefined)
    return { message: `is the stage ${quote(stage)}`, hint: 'Move the version with transitionStage, or choose another word.' }
  if (/^[0-9a-f]{64}$/.test(lower)) return { message: 'reads as a digest', hint: another }
  if (readVersionText(alias)) {
    const word = /^v?[0-9]+$/i.test(alias) ? `release-${lower.replace('v', '')}` : 'champion'
    return { message: 'reads as a version or a range of versions', hint: `Choose a word that does not, for instance ${word}.` }
  }
  return undefined
}
