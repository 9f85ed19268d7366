import type { Git } from './git-command.js'

/** What the capture needs from git's configuration, all scopes and includes together. */
export interface GitConfig {
  /** Settings that keep every configured filter from running. */
  overrides: readonly string[]
  /** Why the filters cannot be kept from running; then nothing may read the working tree through git. */
  unsafe?: string | undefined
  /** Address of the remote that a branch follows, else of `origin`, else of the only remote. As configured: may hold a secret. */
  remoteOf: (branch: string | undefined) => string | undefined
}

/** Reads git's configuration, which runs nothing. `reason` when git does not answer. */
export async function readGitConfig(git: Git): Promise<{ config: GitConfig } | { reason: string }> {
  const answer = await git(['config', '-z', '--list'])
  return answer.ok ? { config: parseGitConfig(new TextDecoder().decode(answer.bytes)) } : { reason: answer.reason }
}

/** Reads the output of `git config -z --list`: entries `key LF value NUL`, the value missing for `key` alone. */
export function parseGitConfig(text: string): GitConfig {
  const filters = new Set<string>()
  const remotes = new Map<string, string>()
  const followed = new Map<string, string>()
  for (const entry of text.split('\0')) {
    const end = entry.indexOf('\n')
    const key = end < 0 ? entry : entry.slice(0, end)
    const value = end < 0 ? '' : entry.slice(end + 1)
    const [section, name, variable] = splitKey(key)
    if (name === undefined) continue
    if (section === 'filter') filters.add(name)
    if (section === 'remote' && variable === 'url' && !remotes.has(name)) remotes.set(name, value)
    if (section === 'branch' && variable === 'remote') followed.set(name, value)
  }
  const names = [...filters]
  return {
    overrides: names.flatMap((name) => [`filter.${name}.clean=`, `filter.${name}.process=`, `filter.${name}.required=false`]),
    unsafe: names.every(isOverridable) ? undefined : 'a filter of the repository has a name that cannot be overridden',
    remoteOf: (branch) => {
      const only = remotes.size === 1 ? [...remotes.values()][0] : undefined
      return remotes.get(followed.get(branch ?? '') ?? '') ?? remotes.get('origin') ?? only
    }
  }
}

/**
 * `git -c` takes the first `=` for the end of the key, and a name that is not UTF-8 cannot be given as an argument: such a
 * filter would still run.
 */
function isOverridable(name: string): boolean {
  return name !== '' && !name.includes('=') && !name.includes('\ufffd')
}

/** `section.name.variable`; the name, in which dots may be, is missing in `section.variable`. */
function splitKey(key: string): [section: string, name: string | undefined, variable: string] {
  const first = key.indexOf('.')
  const last = key.lastIndexOf('.')
  return [key.slice(0, first), last > first ? key.slice(first + 1, last) : undefined, key.slice(last + 1)]
}
