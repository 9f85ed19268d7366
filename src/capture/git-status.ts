/** One file that differs, as `git status --porcelain=v2` says. */
export interface StatusEntry {
  /** `1` or `2` changed, `u` in conflict, `?` untracked. */
  kind: '1' | '2' | 'u' | '?'
  /** All of the entry but its path: states, modes, hashes. */
  facts: string
  /** Path from the root of the repository, as Latin-1: one character for each byte. Ends with `/` for an untracked folder. */
  path: string
  /** The index differs from the commit. */
  staged: boolean
  /** The file differs from the index. */
  modified: boolean
}

/** What `git status --porcelain=v2 --branch -z` says. */
export interface GitStatus {
  commit: string | undefined
  branch: string | undefined
  entries: readonly StatusEntry[]
}

/** Fields before the path, by kind of entry. */
const FIELDS = { '1': 8, '2': 9, u: 10 } as const

/** Reads the output of `git status --porcelain=v2 --branch -z`. Unknown lines are passed over, as its manual asks. */
export function parseGitStatus(bytes: Uint8Array): GitStatus {
  const records = Buffer.from(bytes).toString('latin1').split('\0')
  const entries: StatusEntry[] = []
  const headers = new Map<string, string>()
  for (let index = 0; index < records.length; index += 1) {
    const record = records[index] ?? ''
    const kind = record[0]
    if (kind === '#') {
      const [, name = '', ...value] = record.split(' ')
      headers.set(name, value.join(' '))
    } else if (kind === '?') {
      entries.push({ kind, facts: '?', path: record.slice(2), staged: false, modified: false })
    } else if (kind === '1' || kind === '2' || kind === 'u') {
      entries.push(changedEntry(kind, record))
      // The path before the renaming is a record of its own.
      if (kind === '2') index += 1
    }
  }
  const commit = headers.get('branch.oid')
  const branch = headers.get('branch.head')
  return {
    commit: commit === '(initial)' ? undefined : commit,
    branch: branch === undefined || branch === '(detached)' ? undefined : Buffer.from(branch, 'latin1').toString('utf8'),
    entries
  }
}

function changedEntry(kind: '1' | '2' | 'u', record: string): StatusEntry {
  const fields = record.split(' ')
  const states = fields[1] ?? '..'
  return {
    kind,
    facts: fields.slice(0, FIELDS[kind]).join(' '),
    path: fields.slice(FIELDS[kind]).join(' '),
    staged: kind !== 'u' && states[0] !== '.',
    modified: kind !== 'u' && states[1] !== '.'
  }
}
