import { mkdirSync } from 'node:fs'
import { median, runProgram, type Row } from '../measure.js'
import { freshPath, program, type Workspace } from '../workspace.js'

/** Durable commits of one process against the bare system calls. */
export function commitRows(workspace: Workspace): Row[] {
  const root = freshPath(workspace, 'commits')
  mkdirSync(root)
  const run = runProgram(process.execPath, [program('commits'), root, String(workspace.pairs + 2), '500'])
  const { ours, raw } = JSON.parse(run.output.split('\n')[0] ?? '') as { ours: number[]; raw: number[] }
  const ratio = median(ours.map((rate, index) => rate / (raw[index] ?? Number.NaN)))
  return [
    {
      id: 'commits',
      work: 'commits by one process, durable',
      limit: 'raw: write temp, fsync, link, fsync folder',
      bar: '≥ 0.5 × its rate',
      met: ratio >= 0.5,
      figure: `${ratio.toFixed(2)} ×`,
      detail: `${median(ours).toFixed(0)}/s against ${median(raw).toFixed(0)}/s`,
      peakMiB: run.peakMiB
    }
  ]
}
