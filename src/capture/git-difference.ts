import { createHash } from 'node:crypto'
import { readFileContent, type FileContent } from './file-content.js'
import type { StatusEntry } from './git-status.js'

/** Digest of what is not committed, or why there is none. */
export type Difference = { readonly digest: string } | { readonly reason: string }

/** Bounds of what is read for the digest of a difference. */
export const DIFFERENCE_LIMITS = { files: 10_000, bytes: 64 * 1024 * 1024 } as const

const READ_AT_ONCE = 8

/**
 * Digest of everything that differs from the commit: what the status says of each entry, and the bytes of each changed or
 * untracked file. The files are read here and not by `git diff`, which would run filters and other programs that the
 * repository names. Two trees with the same changes give the same digest, wherever they lie.
 *
 * @param root of the repository.
 * @param extra facts that count too, for instance the digests of changed submodules.
 */
export async function digestDifference(root: string, entries: readonly StatusEntry[], extra: readonly string[] = []): Promise<Difference> {
  if (entries.length > DIFFERENCE_LIMITS.files) return { reason: `more than ${DIFFERENCE_LIMITS.files} files differ` }
  const lines: string[] = [...extra]
  const budget = { bytes: DIFFERENCE_LIMITS.bytes }
  const waiting = entries.values()
  await Promise.all(
    Array.from({ length: READ_AT_ONCE }, async () => {
      for (const entry of waiting) lines.push(`${entry.facts} ${await describe(root, entry, budget)} ${entry.path}`)
    })
  )
  if (budget.bytes < 0) return { reason: `more than ${DIFFERENCE_LIMITS.bytes} bytes differ` }
  const hash = createHash('sha256').update('stemma difference 1\0')
  for (const line of lines.sort(byCodeUnit)) hash.update(line, 'latin1').update('\0')
  return { digest: `sha256:${hash.digest('hex')}` }
}

/** A file that is only staged is known by the hashes that the status has. */
async function describe(root: string, entry: StatusEntry, budget: { bytes: number }): Promise<string> {
  if (entry.kind !== '?' && entry.kind !== 'u' && !entry.modified) return 'staged'
  const path = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(entry.path, 'latin1')])
  const content: FileContent = budget.bytes < 0 ? { kind: 'too-large' } : await readFileContent(path, budget.bytes)
  if (content.kind === 'too-large') budget.bytes = -1
  if (!('sha256' in content)) return content.kind
  budget.bytes -= content.sizeBytes
  return `${content.kind}:${content.sha256}`
}

function byCodeUnit(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
