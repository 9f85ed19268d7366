import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram, runShell } from '../measure.js'
import type { Workspace } from '../workspace.js'
import type { SearchRow } from './search.js'

/**
 * What better-sqlite3 takes for the same question over the same rows, for context. It compiles native code for a minute, so it
 * is installed for this run only, and where that fails the row says so.
 */
export function sqliteContext(workspace: Workspace, rows: readonly SearchRow[]): string {
  const folder = join(process.env['BENCH_DIR'] ?? '.bench', 'sqlite')
  const program = join(folder, 'sqlite.mjs')
  try {
    if (!existsSync(join(folder, 'node_modules/better-sqlite3/build'))) {
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
      runShell('npm install --no-audit --no-fund better-sqlite3@12.9.0 >/dev/null 2>&1', { cwd: folder })
    }
    writeFileSync(program, SQLITE_PROGRAM)
    const data = join(workspace.root, 'rows.json')
    writeFileSync(data, JSON.stringify(rows))
    const { output } = runProgram(process.execPath, [program, data, join(workspace.root, 'rows.sqlite')])
    return `context, better-sqlite3: ${output.trim()}`
  } catch (error) {
    return `context, better-sqlite3: not available here (${error instanceof Error ? error.message.slice(0, 80) : 'unknown'})`
  }
}

const SQLITE_PROGRAM = `import Database from 'better-sqlite3'
import { readFileSync } from 'node:fs'
const rows = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const fill = new Database(process.argv[3])
fill.exec('create table v (name text, sequence int, auc real, site text)')
const insert = fill.prepare('insert into v values (?, ?, ?, ?)')
fill.transaction(() => { for (const r of rows) insert.run(r.name, r.sequence, r.auc, r.site) })()
fill.close()
const begin = performance.now()
const db = new Database(process.argv[3])
const query = db.prepare("select * from v where auc >= 0.9 and site = 'berlin' order by auc desc limit 20")
query.all()
const cold = performance.now() - begin
const times = Array.from({ length: 11 }, () => { const t = performance.now(); query.all(); return performance.now() - t }).sort((a, b) => a - b)
console.log('scan without index, open + first ' + cold.toFixed(1) + ' ms, warm ' + times[5].toFixed(1) + ' ms')
`
