import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { formatRatio, pairs, runProgram, runShell, type Row } from '../measure.js'
import { freshPath, program, writeManyFiles, writeNoise, type Workspace } from '../workspace.js'

/** Logging one large file, and many small ones. */
export async function logRows(workspace: Workspace): Promise<Row[]> {
  const large = freshPath(workspace, 'large')
  mkdirSync(large)
  writeNoise(join(large, 'w.bin'), 1024 ** 3, 3)
  const largeRow = await logRow(workspace, {
    id: 'log-1gib',
    source: large,
    durability: 'full',
    work: 'logModel of one 1 GiB file, durable',
    limit: '`cp`, `sync -d` of the copy, `openssl dgst`',
    limitCommand: (copy) => `mkdir ${copy} && cp ${large}/w.bin ${copy}/w.bin && sync -d ${copy}/w.bin && openssl dgst -sha256 ${copy}/w.bin`,
    bar: 0.75
  })
  const many = freshPath(workspace, 'many')
  writeManyFiles(many)
  const shared = { source: many, limit: '`cp -r` of the same folder', limitCommand: (copy: string) => `cp -r ${many} ${copy}` }
  return [
    largeRow,
    await logRow(workspace, { ...shared, id: 'log-many', durability: 'none', work: "logModel of 20,000 files of 4 KiB, durability 'none'", bar: 2 }),
    await logRow(workspace, { ...shared, id: 'log-many-durable', durability: 'full', work: 'logModel of 20,000 files of 4 KiB, durable', bar: 4 })
  ]
}

interface LogRow {
  id: string
  source: string
  durability: 'full' | 'none'
  work: string
  limit: string
  limitCommand: (copy: string) => string
  bar: number
}

async function logRow(workspace: Workspace, row: LogRow): Promise<Row> {
  let peakMiB = 0
  const used: string[] = []
  const next = (name: string): string => {
    const path = freshPath(workspace, name)
    used.push(path)
    return path
  }
  // What earlier rounds left unwritten would be flushed on the account of the next one.
  const settle = (): void => {
    runShell('sync')
  }
  const measured = await pairs(
    workspace.pairs,
    () => {
      settle()
      const run = runProgram(process.execPath, [program('log'), next('store'), row.source, row.durability])
      peakMiB = Math.max(peakMiB, run.peakMiB ?? 0)
      return run.wallMs
    },
    () => {
      settle()
      return runShell(row.limitCommand(next('copy'))).wallMs
    }
  )
  // Large copies are removed at the end of the row; removing many small files slows what follows, so those wait for the end of all.
  if (row.id === 'log-1gib') runShell(`rm -rf ${used.join(' ')} && sync`)
  const { id, work, limit, bar } = row
  return {
    id,
    work,
    limit,
    bar: `≤ ${bar} ×`,
    met: measured.ratio <= bar,
    figure: formatRatio(measured),
    detail: `${measured.ours.toFixed(0)} ms against ${measured.limits.toFixed(0)} ms`,
    peakMiB
  }
}
