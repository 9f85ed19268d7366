import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { startChild } from './child.js'
import { CHANGING, COUNT_ONLY, type Kind } from './fault-control.js'
import { OPERATIONS, type Operation } from './operations.js'
import { ranSchema, type RunRequest } from './protocol.js'
import { readLog, type RecordedCall } from './recorded-calls.js'
import { copyTemplate, makeTemplates, type Bench, type Result } from './suite.js'

/**
 * B0: what a power cut would lose cannot be seen by killing a process. So the calls themselves are looked at, as strace sees
 * them: every name that is given is that of flushed bytes, and is flushed in its folder before the operation is acknowledged.
 * The same trace shows that no change escapes the shim that the other parts rely on.
 */
export async function callOrder(bench: Bench, operations: readonly Operation[] = OPERATIONS): Promise<Result> {
  const folder = join(bench.folder, 'order')
  const templates = await makeTemplates(folder, operations)
  const violations: string[] = []
  let looked = 0
  for (const operation of operations) {
    const target = join(folder, 'place')
    copyTemplate(templates, operation, target)
    const { calls, traced } = await traceOperation(bench, operation, target)
    looked += calls.length
    const problems = [...checkOrder(calls, join(target, 'store')), ...compareTraces(calls, traced)]
    violations.push(...problems.map((problem) => `${operation.name}: ${problem}`))
  }
  return { counts: `${looked} calls of ${operations.length} operations`, violations }
}

async function traceOperation(bench: Bench, operation: Operation, target: string): Promise<{ calls: RecordedCall[]; traced: Map<string, number> }> {
  // Not below the place, nor named like it: the shim's own writing is not to be seen.
  const [log, trace] = [join(target, '..', 'calls.txt'), join(target, '..', 'trace.txt')]
  const child = startChild(join(bench.build.folder, 'injected.cjs'), { shim: bench.build.shim, trace })
  const plan = { action: 'E' as const, from: COUNT_ONLY, to: COUNT_ONLY, errno: 0, kinds: [...CHANGING, 'stat' as const] }
  const request: RunRequest = { operation: operation.name, folder: target, log, marks: true, plan }
  const answer = await child.ask(request)
  await child.end()
  if (answer.kind !== 'answered') throw new Error(`${operation.name} under strace ${answer.kind}: ${answer.errors}`)
  if (ranSchema.parse(answer.value).outcome !== 'acknowledged') throw new Error(`${operation.name} under strace failed`)
  const isRelevant = ({ kind, path }: RecordedCall): boolean => kind !== 'stat' || basename(path).startsWith('@')
  return { calls: readLog(log).filter(isRelevant), traced: countTrace(readFileSync(trace, 'utf8'), target) }
}

function checkOrder(calls: readonly RecordedCall[], store: string): string[] {
  const problems: string[] = []
  const flushed = new Set<string>()
  /** Names that are not flushed in their folder yet. */
  let unflushed: { path: string; folder: string }[] = []
  for (const { kind, path, other } of calls) {
    const isKept = /\/(store\.json|blobs\/sha256\/[0-9a-f]{64}|log\/\d{20}\.json)$/.test(path)
    if (kind === 'write') flushed.delete(path)
    if (kind === 'sync') {
      flushed.add(path)
      unflushed = unflushed.filter(({ folder }) => folder !== path)
    }
    if ((kind === 'mkdir' && path.startsWith(store)) || (kind === 'link' && isKept)) unflushed.push({ path, folder: dirname(path) })
    // What comes back from the trash was flushed before it went there.
    if (kind === 'link' && isKept && !flushed.has(other) && !other.includes('/trash/')) problems.push(`${path} was given its name before its bytes were flushed`)
    if (kind === 'link' && path.includes('/log/')) {
      for (const blob of unflushed.filter((name) => name.path.includes('/blobs/'))) problems.push(`${path} was published before the name of ${blob.path} was flushed`)
    }
    if (kind === 'unlink' && path.includes('/uploads/') && unflushed.some((name) => name.path.includes('/blobs/'))) problems.push(`${path} went before its other name was flushed`)
    if (kind === 'unlink' && path.includes('/trash/') && unflushed.some((name) => name.path.endsWith(basename(path).split('.')[1] ?? '/'))) problems.push(`${path} went before its other name was flushed`)
  }
  return [...problems, ...unflushed.map(({ path }) => `${path} was acknowledged before its name was flushed`)]
}

const KIND_OF: Readonly<Record<string, Kind>> = {
  write: 'write', pwrite64: 'write', writev: 'write', pwritev: 'write', fsync: 'sync', fdatasync: 'sync', link: 'link', linkat: 'link', symlink: 'link',
  symlinkat: 'link', rename: 'rename', renameat: 'rename', renameat2: 'rename', unlink: 'unlink', unlinkat: 'unlink', rmdir: 'unlink', mkdir: 'mkdir',
  mkdirat: 'mkdir', utimensat: 'times', chmod: 'mode', fchmod: 'mode', fchmodat: 'mode', truncate: 'truncate', ftruncate: 'truncate', fallocate: 'truncate'
}

/** Changes below a folder that strace saw between the marks, by kind. */
function countTrace(trace: string, folder: string): Map<string, number> {
  const counts = new Map<string, number>()
  let isBetween = false
  for (const line of trace.split('\n')) {
    if (line.includes(`${folder}/@begun`)) isBetween = true
    if (!isBetween || !line.includes(folder) || line.includes('resumed>')) continue
    const [, name = '', rest = ''] = /^\d+\s+(\w+)\((.*)/.exec(line) ?? []
    const kind = /^(open|openat|creat)$/.test(name) && /O_CREAT|O_WRONLY|O_RDWR/.test(rest) ? 'create' : KIND_OF[name]
    if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return counts
}

function compareTraces(calls: readonly RecordedCall[], traced: ReadonlyMap<string, number>): string[] {
  const counts = new Map<string, number>()
  for (const { kind } of calls) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const problems: string[] = []
  // The shim alone sees closing, and copies, which strace shows under several names.
  for (const kind of CHANGING.filter((each) => each !== 'close' && each !== 'copy')) {
    if ((counts.get(kind) ?? 0) !== (traced.get(kind) ?? 0)) problems.push(`the shim saw ${counts.get(kind) ?? 0} × ${kind}, strace ${traced.get(kind) ?? 0}`)
  }
  return problems
}
