import { realpath } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { redactUrl } from '../record/secret-scan.js'
import type { Code, Unavailable } from '../schemas/captured.js'
import { commitVariables, detectCi } from './ci.js'
import { FOREIGN_OWNER, gitIn, type Git } from './git-command.js'
import { readGitConfig } from './git-config.js'
import { hasTags, isCommit, readGitHead } from './git-head.js'
import { findGitRepository, type GitRepository } from './git-repository.js'
import { readWorkTree, type WorkTree } from './git-work-tree.js'
import type { Probe } from './probe.js'
import { unavailable } from './unavailable.js'

/** What {@link captureCode} looks at. */
export interface CodeOptions {
  directory: string
  /** Path of the program that runs, `process.argv[1]`. */
  program?: string | undefined
}

/**
 * The code that runs: commit, branch, tag, remote and what is not committed. Where git is missing or refuses, the variables
 * of a CI system answer; where those are missing too, it is unavailable.
 */
export async function captureCode(probe: Probe, options: CodeOptions): Promise<Code | Unavailable> {
  const repository = await findGitRepository(probe, options.directory)
  if (repository === undefined) return codeFromCi(probe, 'not in a git repository')
  const program = await probe.find('git')
  const [head, entryPoint, shallow, answers] = await Promise.all([
    readGitHead(probe, repository),
    entryPointIn(repository, options.program),
    isShallow(probe, repository),
    program === undefined ? GIT_MISSING : askGit(probe, program, repository)
  ])
  const { gitUnavailable, workTree, tag, remoteOf } = answers
  const commit = workTree?.commit ?? head.commit
  if (gitUnavailable === FOREIGN_OWNER || (gitUnavailable !== undefined && commit === undefined)) return codeFromCi(probe, gitUnavailable)
  const branch = workTree ? workTree.branch : head.branch
  const remote = remoteOf?.(branch)
  return {
    state: 'captured',
    source: 'git',
    commit,
    branch,
    tag,
    remote: remote === undefined ? undefined : redactUrl(remote),
    shallow,
    entryPoint,
    ...differencesOf(workTree),
    gitUnavailable
  }
}

interface GitAnswers {
  gitUnavailable?: string
  workTree?: WorkTree
  tag?: string | undefined
  remoteOf?: (branch: string | undefined) => string | undefined
}

const GIT_MISSING: GitAnswers = { gitUnavailable: 'git is not installed' }

/** Three programs at most in the usual case, two of them at once: a start costs as much as reading a small repository. */
async function askGit(probe: Probe, program: string, repository: GitRepository): Promise<GitAnswers> {
  const git = gitIn(probe, program, repository)
  const [tag, answers] = await Promise.all([
    hasTags(probe, repository).then((any) => (any ? readTag(git) : undefined)),
    askConfigAndStatus(probe, program, git, repository)
  ])
  return { ...answers, tag }
}

async function askConfigAndStatus(probe: Probe, program: string, git: Git, repository: GitRepository): Promise<GitAnswers> {
  const config = await readGitConfig(git)
  if ('reason' in config) return { gitUnavailable: config.reason }
  const { remoteOf } = config.config
  if (repository.bare) return { remoteOf }
  const state = await readWorkTree(probe, program, repository, config.config)
  return 'reason' in state ? { gitUnavailable: state.reason, remoteOf } : { workTree: state.workTree, remoteOf }
}

/** Of several tags at the commit the highest version. */
async function readTag(git: Git): Promise<string | undefined> {
  const format = ['--points-at=HEAD', '--sort=-version:refname', '--count=1', '--format=%(refname:strip=2)']
  const answer = await git(['for-each-ref', ...format, 'refs/tags'])
  return answer.ok ? new TextDecoder().decode(answer.bytes).trim() || undefined : undefined
}

function differencesOf(workTree: WorkTree | undefined): Pick<Code, 'dirty' | 'changes' | 'diffDigest'> & { diffUnavailable?: string } {
  if (workTree === undefined) return {}
  const { dirty, changes, difference } = workTree
  if (difference === undefined) return { dirty, changes }
  return 'digest' in difference ? { dirty, changes, diffDigest: difference.digest } : { dirty, changes, diffUnavailable: difference.reason }
}

async function isShallow(probe: Probe, repository: GitRepository): Promise<boolean> {
  const grafts = await probe.readBytes(join(repository.commonDir, 'shallow'), 32 * 1024 * 1024)
  return grafts !== undefined && grafts.byteLength > 0
}

/** A runner that is itself a dependency is not the program of the project. */
async function entryPointIn(repository: GitRepository, program: string | undefined): Promise<string | undefined> {
  if (program === undefined || repository.bare) return undefined
  const path = relative(repository.root, await realpath(program).catch(() => program))
  const parts = path.split(sep)
  return path === '' || isAbsolute(path) || parts[0] === '..' || parts.includes('node_modules') ? undefined : parts.join('/')
}

function codeFromCi(probe: Probe, reason: string): Code | Unavailable {
  const run = detectCi(probe.variables)
  const commit = [run?.commit, ...commitVariables(probe.variables)].map((value) => value?.toLowerCase()).find(isCommit)
  if (commit === undefined) return unavailable(reason)
  return { state: 'captured', source: 'ci', commit, branch: run?.branch, tag: run?.tag, gitUnavailable: reason }
}
