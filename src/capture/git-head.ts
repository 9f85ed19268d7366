import { join } from 'node:path'
import type { GitRepository } from './git-repository.js'
import type { Probe } from './probe.js'

/** What HEAD says. */
export interface GitHead {
  /** Absent in a repository without a commit. */
  commit?: string | undefined
  /** Absent when HEAD is detached. */
  branch?: string | undefined
}

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/
const MAX_LINKS = 5

/** Whether a text is the full hash of a commit. */
export function isCommit(text: string | undefined): text is string {
  return text !== undefined && COMMIT.test(text)
}

/** Commit and branch of a repository from its files, without running git. Refs in a reftable are not seen. */
export async function readGitHead(probe: Probe, repository: GitRepository): Promise<GitHead> {
  const head = (await probe.readText(join(repository.gitDir, 'HEAD'), 4_096))?.trim()
  const ref = refOf(head)
  if (ref === undefined) return isCommit(head) ? { commit: head } : {}
  // What HEAD holds in a repository that keeps its refs in a reftable.
  if (ref === 'refs/heads/.invalid') return {}
  const branch = ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : undefined
  return { commit: await resolveRef(probe, repository, ref), branch }
}

/** Whether there is a tag in the repository, so that asking git for one may be worth it. */
export async function hasTags(probe: Probe, repository: GitRepository): Promise<boolean> {
  if ((await probe.names(join(repository.commonDir, 'refs', 'tags'))).length > 0) return true
  if (await probe.exists(join(repository.commonDir, 'reftable'))) return true
  return (await readPackedRefs(probe, repository)).includes(' refs/tags/')
}

/** A ref may name another one; more than five in a row are taken for a circle. */
async function resolveRef(probe: Probe, repository: GitRepository, ref: string, links = 0): Promise<string | undefined> {
  if (!isSafeRef(ref) || links >= MAX_LINKS) return undefined
  const text = (await probe.readText(join(repository.commonDir, ...ref.split('/')), 4_096))?.trim()
  if (text === undefined) return packedRef(await readPackedRefs(probe, repository), ref)
  if (isCommit(text)) return text
  const next = refOf(text)
  return next === undefined ? undefined : await resolveRef(probe, repository, next, links + 1)
}

function refOf(text: string | undefined): string | undefined {
  return /^ref: *(\S.*)$/.exec(text ?? '')?.[1]
}

/** A ref is also a path below the folder of the repository: it must not leave it. */
function isSafeRef(ref: string): boolean {
  return ref.startsWith('refs/') && ref.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\\'))
}

async function readPackedRefs(probe: Probe, repository: GitRepository): Promise<string> {
  return (await probe.readText(join(repository.commonDir, 'packed-refs'), 32 * 1024 * 1024)) ?? ''
}

function packedRef(text: string, ref: string): string | undefined {
  const at = text.indexOf(` ${ref}\n`)
  if (at < 0) return undefined
  const commit = text.slice(text.lastIndexOf('\n', at) + 1, at)
  return isCommit(commit) ? commit : undefined
}
