import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { startChild } from './child.js'
import { COUNT_ONLY } from './fault-control.js'
import { OPERATIONS, writeInputs, type Operation } from './operations.js'
import { ranSchema, type Ran } from './protocol.js'
import { copyTemplate, makeTemplates, startChecker, type Bench, type Result, type Template } from './suite.js'

const PAGE = 4096

interface Room {
  /** For people: `1240 KiB`. */
  label: string
  mount: string
}

/** B6: a file system that is full after each page, and after each file, that an operation needs. */
export async function fullDisk(bench: Bench): Promise<Result> {
  if (process.getuid?.() !== 0) return { counts: 'none', violations: ['the sweep mounts file systems, which needs root: run it as root, or leave it out with --only'] }
  const folder = join(bench.folder, 'full')
  const operations = OPERATIONS.filter(({ name }) => name === 'log-first' || name === 'log-next' || name === 'promote')
  const templates = await makeTemplates(folder, operations)
  writeInputs(join(folder, 'inputs'))
  const violations: string[] = []
  let points = 0
  let refused = 0
  const checker = startChecker(bench.build)
  for (const operation of operations) {
    for (const room of roomsFor(operation, templates)) {
      points += 1
      refused += await tryRoom(bench, { folder, templates, operation, room, checker }, violations)
    }
  }
  await checker.child.kill()
  if (refused < points / 2) violations.push(`the disk was full in only ${refused} of ${points} cases`)
  return { counts: `${points} sizes, ${refused} refused and repeated with success`, violations }
}

/** tmpfs counts whole pages of contents, and files; the checks that follow get more room. */
function roomsFor(operation: Operation, templates: ReadonlyMap<Operation['base'], Template>): Room[] {
  const used = usage(templates.get(operation.base)?.folder ?? '')
  const pages = operation.name === 'log-first' ? 275 : operation.name === 'log-next' ? 24 : 3
  const rooms: Room[] = []
  for (let more = 0; more <= pages; more += more < pages - 30 ? 4 : 1) {
    const bytes = (used.pages + more) * PAGE
    rooms.push({ label: `${operation.name} with ${more} free pages`, mount: `size=${bytes}` })
  }
  for (let more = 1; more <= 12; more += 1) rooms.push({ label: `${operation.name} with ${more} free files`, mount: `size=64m,nr_inodes=${used.files + more}` })
  return rooms
}

function usage(folder: string): { pages: number; files: number } {
  let pages = 0
  let files = 1
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const stats = statSync(join(folder, name))
    files += 1
    if (stats.isFile()) pages += Math.ceil(stats.size / PAGE)
  }
  // The copy of the template is a folder of its own.
  return { pages: Math.max(pages, 1), files: files + 1 }
}

interface Attempt {
  folder: string
  templates: ReadonlyMap<Operation['base'], Template>
  operation: Operation
  room: Room
  checker: ReturnType<typeof startChecker>
}

async function tryRoom(bench: Bench, { folder, templates, operation, room, checker }: Attempt, violations: string[]): Promise<number> {
  const disk = join(folder, 'disk')
  mkdirSync(disk, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', room.mount, 'stemma', disk])
  const child = startChild(join(bench.build.folder, 'injected.cjs'), { shim: bench.build.shim })
  const ask = async (again: boolean): Promise<Ran | undefined> => {
    const plan = { action: 'E', from: COUNT_ONLY, to: COUNT_ONLY, errno: 0, kinds: ['link'] }
    const answer = await child.ask({ operation: operation.name, folder: target, plan, again })
    if (answer.kind === 'answered') return ranSchema.parse(answer.value)
    violations.push(`${room.label}: the process ${answer.kind} ${answer.errors}`)
    return undefined
  }
  const target = join(disk, 'place')
  let refused = 0
  try {
    const base = copyTemplate(templates, operation, target)
    const ran = await ask(false)
    if (!ran) return 0
    let claims = [ran]
    if (ran.outcome !== 'acknowledged') {
      refused = 1
      if (ran.code !== 'NO_SPACE') violations.push(`${room.label}: wanted NO_SPACE, found ${ran.code ?? ran.untyped ?? ran.outcome}`)
      violations.push(...(await checker.check({ folder: target, base, claims, deep: false, writersAreGone: false })).map((problem) => `${room.label}: ${problem}`))
    }
    execFileSync('mount', ['-o', 'remount,size=64m,nr_inodes=10000', disk])
    if (ran.outcome !== 'acknowledged') {
      const again = await ask(true)
      if (again?.outcome !== 'acknowledged') violations.push(`${room.label}: the same call with free space: ${again?.code ?? again?.untyped ?? 'nothing'}`)
      if (again) claims = [again]
    }
    violations.push(...(await checker.check({ folder: target, base, claims, deep: true, writersAreGone: false })).map((problem) => `${room.label}: ${problem}`))
  } finally {
    await child.kill()
    execFileSync('umount', [disk])
  }
  return refused
}
