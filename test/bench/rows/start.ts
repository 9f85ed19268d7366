import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median, runProgram, type Row, type Run } from '../measure.js'
import { freshPath, program, writeNoise, type Workspace } from '../workspace.js'

/** A service's second start, and the price of the import alone. */
export function startRows(workspace: Workspace): Row[] {
  return [getRow(workspace), importRow(workspace)]
}

function getRow(workspace: Workspace): Row {
  const folder = freshPath(workspace, 'model')
  mkdirSync(folder)
  writeNoise(join(folder, 'w.bin'), 1024 ** 3, 5)
  writeFileSync(join(folder, 'config.json'), '{}')
  const store = freshPath(workspace, 'store')
  const cache = freshPath(workspace, 'cache')
  // With its environment, which a start compares with the one that it finds.
  runProgram(process.execPath, [program('log'), store, folder, 'none', 'capture'])
  runProgram(process.execPath, [program('get'), store, cache])
  const { added, ours, limits, peakMiB } = inTurn(
    workspace,
    () => {
      const run = runProgram(process.execPath, [program('get'), store, cache])
      if (!run.output.startsWith('cache')) throw new Error('the second start did not come from the cache')
      return run
    },
    () => runProgram(process.execPath, ['-e', ''])
  )
  return {
    id: 'get-warm',
    work: 'getModel of a warm 1 GiB version, second start, whole process',
    limit: "`node -e ''`",
    bar: '+ 100 ms',
    met: added <= 100,
    figure: `+ ${added.toFixed(0)} ms`,
    detail: `${ours.toFixed(0)} ms against ${limits.toFixed(0)} ms`,
    peakMiB
  }
}

function importRow(workspace: Workspace): Row {
  const rss: number[] = []
  const emptyRss: number[] = []
  const read = (run: Run, into: number[]): Run => {
    into.push(Number(/rss-kib (\d+)/.exec(run.output)?.[1]) / 1024)
    return run
  }
  const { added, ours, limits } = inTurn(
    workspace,
    () => read(runProgram(process.execPath, [program('import')]), rss),
    () => read(runProgram(process.execPath, [program('empty')]), emptyRss)
  )
  const addedMiB = median(rss) - median(emptyRss)
  return {
    id: 'import',
    work: 'import of the root entry',
    limit: 'an empty ESM file',
    bar: '+ 30 ms, + 10 MiB',
    met: added <= 30 && addedMiB <= 10,
    figure: `+ ${added.toFixed(0)} ms, + ${addedMiB.toFixed(1)} MiB`,
    detail: `${ours.toFixed(0)} ms against ${limits.toFixed(0)} ms`,
    peakMiB: median(rss)
  }
}

/** Short processes in turn; three times the pairs, since they are cheap and noisy. `added` is the median of the differences. */
function inTurn(workspace: Workspace, ours: () => Run, limit: () => Run): { added: number; ours: number; limits: number; peakMiB: number } {
  const all: { ours: number; limit: number; peak: number }[] = []
  for (let round = 0; round <= workspace.pairs * 3; round++) {
    const a = ours()
    const b = limit()
    if (round > 0) all.push({ ours: a.wallMs, limit: b.wallMs, peak: a.peakMiB ?? 0 })
  }
  return {
    added: median(all.map((pair) => pair.ours - pair.limit)),
    ours: median(all.map((pair) => pair.ours)),
    limits: median(all.map((pair) => pair.limit)),
    peakMiB: Math.max(...all.map((pair) => pair.peak))
  }
}
