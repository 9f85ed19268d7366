import { realpath } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Probe } from './probe.js'

/** Where a repository lies. All paths are absolute. */
export interface GitRepository {
  /** Root of the working tree; for a bare repository the folder of the repository. */
  root: string
  /** Folder with HEAD and index. */
  gitDir: string
  /** Folder with refs, objects and config: other than `gitDir` in a linked working tree. */
  commonDir: string
  bare: boolean
}

/** The repository that a folder belongs to, found as git does, by files alone. Symbolic links are resolved. */
export async function findGitRepository(probe: Probe, start: string): Promise<GitRepository | undefined> {
  const first = await realpath(start).catch(() => resolve(start))
  for (let folder = first; ; folder = dirname(folder)) {
    const gitDir = await readGitDir(probe, folder)
    if (gitDir !== undefined) return { root: folder, gitDir, commonDir: await readCommonDir(probe, gitDir), bare: false }
    if (await isBare(probe, folder)) return { root: folder, gitDir: folder, commonDir: folder, bare: true }
    if (dirname(folder) === folder) return undefined
  }
}

/** `.git` of a working tree: a folder, or in linked working trees and submodules a file that names one. */
async function readGitDir(probe: Probe, folder: string): Promise<string | undefined> {
  const dotGit = join(folder, '.git')
  const link = /^gitdir: (.+?)\r?\n?$/s.exec((await probe.readText(dotGit, 4_096)) ?? '')?.[1]
  const gitDir = link === undefined ? dotGit : resolve(folder, link)
  return (await probe.exists(join(gitDir, 'HEAD'))) ? gitDir : undefined
}

async function readCommonDir(probe: Probe, gitDir: string): Promise<string> {
  const link = (await probe.readText(join(gitDir, 'commondir'), 4_096))?.trimEnd()
  return link === undefined ? gitDir : resolve(gitDir, link)
}

async function isBare(probe: Probe, folder: string): Promise<boolean> {
  const marks = await Promise.all(['HEAD', 'objects', 'refs'].map((name) => probe.exists(join(folder, name))))
  return marks.every(Boolean)
}
