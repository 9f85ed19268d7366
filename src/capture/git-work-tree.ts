import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { gitIn, type Git } from './git-command.js'
import { readGitConfig, type GitConfig } from './git-config.js'
import { digestDifference, type Difference } from './git-difference.js'
import { findGitRepository, type GitRepository } from './git-repository.js'
import { parseGitStatus, type GitStatus, type StatusEntry } from './git-status.js'
import type { Probe } from './probe.js'

/** How a working tree differs from its commit, with the submodules in it. */
export interface WorkTree {
  commit: string | undefined
  branch: string | undefined
  dirty: boolean
  changes: { staged: number; modified: number; untracked: number; conflicted: number }
  /** Absent when clean. */
  difference: Difference | undefined
}

/**
 * `--ignore-submodules=dirty` since git would else run itself in each submodule, where filters that only the submodule
 * defines would run; submodules are looked into one by one instead. `--no-renames` since a guess needs the content of files.
 */
const STATUS = ['status', '--porcelain=v2', '--branch', '--no-ahead-behind', '--no-renames', '-z', '--untracked-files=normal', '--ignore-submodules=dirty']

const MAX_SUBMODULES = 32
const MAX_SUBMODULE_DEPTH = 3

/** Asks git how the working tree differs. Runs nothing that the repository names. */
export async function readWorkTree(
  probe: Probe,
  program: string,
  repository: GitRepository,
  config: GitConfig,
  depth = 0
): Promise<{ workTree: WorkTree } | { reason: string }> {
  if (config.unsafe !== undefined) return { reason: config.unsafe }
  const git = gitIn(probe, program, repository)
  const [answer, submodules] = await Promise.all([git(STATUS, config.overrides), readSubmodules(probe, program, git, repository, depth)])
  if (!answer.ok) return { reason: answer.reason }
  if ('reason' in submodules) return submodules
  const status = parseGitStatus(answer.bytes)
  const entries = await listUntracked(git, status.entries)
  const dirty = entries.length > 0 || submodules.dirty.length > 0
  return {
    workTree: {
      ...headOf(status),
      dirty,
      changes: {
        staged: entries.filter((entry) => entry.staged).length,
        modified: entries.filter((entry) => entry.modified).length + submodules.dirty.length,
        untracked: entries.filter((entry) => entry.kind === '?').length,
        conflicted: entries.filter((entry) => entry.kind === 'u').length
      },
      difference: dirty ? await digestAll(repository.root, entries, submodules.dirty) : undefined
    }
  }
}

function headOf({ commit, branch }: GitStatus): Pick<WorkTree, 'commit' | 'branch'> {
  return { commit, branch }
}

/** More untracked folders than this are asked for all at once, since a command line has an end. */
const MAX_FOLDERS_BY_NAME = 100

/** The status names an untracked folder, not the files in it; only then is it worth asking for them. */
async function listUntracked(git: Git, entries: readonly StatusEntry[]): Promise<readonly StatusEntry[]> {
  const folders = entries.filter((entry) => entry.kind === '?' && entry.path.endsWith('/')).map((entry) => entry.path)
  if (folders.length === 0) return entries
  const names = folders.map((path) => Buffer.from(path, 'latin1').toString('utf8'))
  const byName = names.length <= MAX_FOLDERS_BY_NAME && names.every((name) => !name.includes('\ufffd'))
  const answer = await git(['--literal-pathspecs', 'ls-files', '--others', '--exclude-standard', '-z', ...(byName ? ['--', ...names] : [])])
  if (!answer.ok) return entries
  const paths = Buffer.from(answer.bytes).toString('latin1').split('\0').filter((path) => path !== '')
  const rest = byName ? entries.filter((entry) => !folders.includes(entry.path)) : entries.filter((entry) => entry.kind !== '?')
  return [...rest, ...paths.map((path): StatusEntry => ({ kind: '?', facts: '?', path, staged: false, modified: false }))]
}

interface DirtySubmodule {
  path: string
  difference: Difference
}

async function digestAll(root: string, entries: readonly StatusEntry[], submodules: readonly DirtySubmodule[]): Promise<Difference> {
  const facts: string[] = []
  for (const { path, difference } of submodules) {
    if ('reason' in difference) return difference
    facts.push(`submodule ${difference.digest} ${Buffer.from(path).toString('latin1')}`)
  }
  return await digestDifference(root, entries, facts)
}

/** The submodules of .gitmodules that are checked out and differ from their own commit. */
async function readSubmodules(
  probe: Probe,
  program: string,
  git: Git,
  repository: GitRepository,
  depth: number
): Promise<{ dirty: readonly DirtySubmodule[] } | { reason: string }> {
  const file = join(repository.root, '.gitmodules')
  if (!(await probe.exists(file))) return { dirty: [] }
  const answer = await git(['config', '-z', '--no-includes', '--file', file, '--get-regexp', '^submodule\\..*\\.path$'])
  const text = answer.ok ? new TextDecoder().decode(answer.bytes) : ''
  const paths = new Set(text.split('\0').flatMap((entry) => (entry.includes('\n') ? [entry.slice(entry.indexOf('\n') + 1)] : [])))
  if (paths.size > MAX_SUBMODULES || (paths.size > 0 && depth >= MAX_SUBMODULE_DEPTH)) return { reason: 'too many submodules to look into' }
  const dirty: DirtySubmodule[] = []
  for (const path of paths) {
    const submodule = await findSubmodule(probe, repository.root, path)
    if (submodule === undefined) continue
    const config = await readGitConfig(gitIn(probe, program, submodule))
    const state = 'reason' in config ? config : await readWorkTree(probe, program, submodule, config.config, depth + 1)
    if ('reason' in state) return { reason: `a submodule cannot be looked into: ${state.reason}` }
    if (state.workTree.difference !== undefined) dirty.push({ path, difference: state.workTree.difference })
  }
  return { dirty }
}

/** The repository of a submodule, if it is checked out. A path that leaves the tree, also by a symbolic link, is none. */
async function findSubmodule(probe: Probe, root: string, path: string): Promise<GitRepository | undefined> {
  const folder = join(root, path)
  if (!folder.startsWith(join(root, '/')) || (await realpath(folder).catch(() => undefined)) !== folder) return undefined
  const repository = await findGitRepository(probe, folder)
  return repository?.root === folder && !repository.bare ? repository : undefined
}
