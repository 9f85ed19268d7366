import { dirname } from 'node:path'
import type { GitRepository } from './git-repository.js'
import { definedOnly, type Probe } from './probe.js'

/** What git answered, or why it did not. */
export type GitAnswer = { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly reason: string }

/** Runs git in one repository, with settings beyond the safe ones if there are any. */
export type Git = (args: readonly string[], overrides?: readonly string[]) => Promise<GitAnswer>

/** The reason for a repository that git does not trust. */
export const FOREIGN_OWNER = 'git refuses the repository: it belongs to another user (dubious ownership, see safe.directory)'

/**
 * Settings that win over every configuration file and keep git from running anything that the repository names. Filters are
 * overridden one by one, see git-config.ts, since git has no switch for them.
 */
const SAFE_CONFIG = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.pager=cat',
  'core.alternateRefsCommand=',
  'core.sshCommand=',
  'core.askPass=',
  'credential.helper=',
  'submodule.recurse=false',
  'status.submoduleSummary=false',
  'protocol.allow=never',
  'gc.auto=0',
  'maintenance.auto=false'
]

const FAILURES: readonly (readonly [RegExp, string])[] = [
  [/dubious ownership|unsafe repository/, FOREIGN_OWNER],
  [/not a git repository/i, 'git does not accept the folder as a repository'],
  [/bad config/, 'git cannot read its configuration'],
  [/unknown repository extension|Expected git repo version/, 'the repository needs a newer git'],
  [/index file/, 'the index of the repository is damaged'],
  [/unable to read tree|bad object|missing blob|loose object/, 'objects of the repository are missing or damaged']
]

/**
 * A safe git for one repository: absolute working folder, no shell, no hooks, no lazy fetch, no locks taken, no variable that
 * begins with `GIT_` (a program that a hook started inherits some that point to another repository).
 */
export function gitIn(probe: Probe, program: string, repository: GitRepository): Git {
  const env = gitEnvironment(probe.variables, repository)
  return async (args, overrides = []) => {
    const config = [...SAFE_CONFIG, ...overrides].flatMap((setting) => ['-c', setting])
    const result = await probe.run(program, ['--no-pager', ...config, ...args], { cwd: repository.root, env })
    if (result === undefined) return { ok: false, reason: 'git cannot be started' }
    if (result.ended === 'exited' && result.exitCode === 0) return { ok: true, bytes: result.stdout }
    return { ok: false, reason: failureOf(`git ${args.find((arg) => !arg.startsWith('-')) ?? ''}`, result) }
  }
}

/** The words of git itself may hold paths and addresses, so that they choose among ours and are not repeated. */
function failureOf(command: string, result: { ended: string; exitCode: number | null; stderr: string }): string {
  if (result.ended === 'timeout') return `${command} took too long`
  if (result.ended === 'output-limit') return `${command} gave too much output`
  const known = FAILURES.find(([pattern]) => pattern.test(result.stderr))
  return known?.[1] ?? `${command} ended with exit code ${result.exitCode ?? 'none'}`
}

function gitEnvironment(variables: Probe['variables'], repository: GitRepository): Record<string, string> {
  const inherited = Object.entries(definedOnly(variables)).filter(([name]) => !/^GIT_/i.test(name))
  return {
    ...Object.fromEntries(inherited),
    LC_ALL: 'C',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: 'none',
    // Where git looks is decided here: not above the root, and not where core.worktree points.
    GIT_CEILING_DIRECTORIES: dirname(repository.root),
    ...(repository.bare ? {} : { GIT_WORK_TREE: repository.root })
  }
}
