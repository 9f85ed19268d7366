import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { buildPrograms, type Build, type Mutation } from './build.js'
import { startChild } from './child.js'
import type { Base, Claim } from './format/check-store.js'
import { placeIn, prepare } from './operations.js'
import { seededRandom } from './seeded-random.js'
import { fingerprint, startChecker } from './suite.js'
import { writerLineSchema } from './writer-line.js'

/**
 * B4: a writer works on a file system in an image; it is stopped, the image is copied as a disk would be found after a power
 * cut, the copy is mounted, which replays its journal, and looked at.
 */

interface FileSystem {
  name: string
  sizeMb: number
  make: string[]
  mount: string
}

const FILE_SYSTEMS: readonly FileSystem[] = [
  { name: 'ext4', sizeMb: 48, make: ['mkfs.ext4', '-q', '-F'], mount: 'loop' },
  { name: 'ext4 data=writeback', sizeMb: 48, make: ['mkfs.ext4', '-q', '-F'], mount: 'loop,data=writeback' },
  { name: 'xfs', sizeMb: 320, make: ['mkfs.xfs', '-q', '-f'], mount: 'loop,nouuid' },
  { name: 'btrfs', sizeMb: 128, make: ['mkfs.btrfs', '-q', '-f'], mount: 'loop' }
]

const MUTANTS: readonly { name: string; mutations: Mutation[] }[] = [
  { name: 'no flush of folders', mutations: [{ file: 'io/make-folder.ts', find: "    await flush(fd, 'all')\n", replace: '' }] },
  { name: 'no flush of an event', mutations: [{ file: 'io/node-store-fs.ts', find: 'if (!sync) return\n', replace: 'if (!sync || path !== "") return\n' }] }
]

const { values } = parseArgs({ options: { cuts: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } } })
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'stemma-power-'))
const [work, found] = [join(folder, 'work'), join(folder, 'found')]

function mount(fileSystem: FileSystem, image: string, at: string): void {
  mkdirSync(at, { recursive: true })
  execFileSync('mount', ['-o', fileSystem.mount, image, at])
}

const unmount = (at: string): void => {
  execFileSync('umount', [at])
}

/** A formatted image with a store in it. */
async function makeBase(fileSystem: FileSystem): Promise<{ image: string; base: Base }> {
  const image = join(folder, 'base.img')
  rmSync(image, { force: true })
  writeFileSync(image, '')
  truncateSync(image, fileSystem.sizeMb * 1_048_576)
  const [program = '', ...options] = fileSystem.make
  execFileSync(program, [...options, image], { stdio: ['ignore', 'ignore', 'inherit'] })
  mount(fileSystem, image, work)
  await prepare('models', placeIn(join(work, 'place')))
  const base = fingerprint(placeIn(join(work, 'place')).store)
  unmount(work)
  return { image, base }
}

/** One cut. When idle, it comes after an acknowledgement, with nothing written since. */
async function cut(build: Build, fileSystem: FileSystem, made: { image: string; base: Base }, isIdle: boolean, random: () => number): Promise<{ acknowledged: number; problems: string[] }> {
  copyFileSync(made.image, join(folder, 'work.img'))
  mount(fileSystem, join(folder, 'work.img'), work)
  const claims = new Map<string, Claim>()
  const child = startChild(join(build.folder, 'writer.cjs'), { arguments: [join(work, 'place'), 'w', String(Math.floor(random() * 1e9)), 'Infinity', isIdle ? '400' : '0'] })
  const wanted = 2 + Math.floor(random() * (isIdle ? 3 : 60))
  await new Promise<void>((resolve) => {
    child.onLine((line) => {
      const { begun, told, outcome, version } = writerLineSchema.parse(line)
      if (begun !== undefined) claims.set(begun, { operationId: begun, outcome: 'killed' })
      if (told !== undefined && outcome !== undefined) claims.set(told, { operationId: told, outcome, version })
      if ([...claims.values()].filter((claim) => claim.outcome === 'acknowledged').length >= wanted && outcome === 'acknowledged') resolve()
    })
    void child.ended.then(resolve)
  })
  if (!isIdle) await sleep(random() * 5)
  process.kill(child.pid, 'SIGSTOP')
  const asTold = [...claims.values()]
  execFileSync('cp', ['--sparse=always', join(folder, 'work.img'), join(folder, 'found.img')])
  await child.kill()
  unmount(work)
  mount(fileSystem, join(folder, 'found.img'), found)
  const checker = startChecker(build)
  const problems = await checker.check({ folder: join(found, 'place'), base: made.base, claims: asTold, deep: true, writersAreGone: true, powerWasCut: true })
  await checker.child.kill()
  unmount(found)
  return { acknowledged: asTold.filter(({ outcome }) => outcome === 'acknowledged').length, problems }
}

async function main(): Promise<number> {
  const cuts = Number(values.cuts)
  const random = seededRandom(Number(values.seed))
  const build = await buildPrograms(join(folder, 'build'))
  let failed = 0
  process.stdout.write(`Linux ${release()}, seed ${values.seed}\n`)
  for (const fileSystem of FILE_SYSTEMS) {
    const made = await makeBase(fileSystem)
    let acknowledged = 0
    const problems: string[] = []
    for (let count = 0; count < cuts; count += 1) {
      const result = await cut(build, fileSystem, made, count % 3 === 0, random)
      acknowledged += result.acknowledged
      problems.push(...result.problems.map((problem) => `cut ${count}: ${problem}`))
    }
    failed += problems.length === 0 ? 0 : 1
    process.stdout.write(`${fileSystem.name}: ${cuts} cuts, ${Math.ceil(cuts / 3)} when idle, ${acknowledged} acknowledged, ${problems.length} violations\n`)
    for (const problem of problems.slice(0, 10)) process.stdout.write(`     ${problem.slice(0, 400)}\n`)
  }
  const [ext4] = FILE_SYSTEMS
  if (!ext4) return 1
  for (const [index, { name, mutations }] of MUTANTS.entries()) {
    const mutant = await buildPrograms(join(folder, `mutant-${index}`), mutations)
    const made = await makeBase(ext4)
    let problems: string[] = []
    let count = 0
    for (; count < 20 && problems.length === 0; count += 1) problems = (await cut(mutant, ext4, made, true, random)).problems
    failed += problems.length > 0 ? 0 : 1
    process.stdout.write(problems.length > 0 ? `${name}: caught after ${count} cuts: ${(problems[0] ?? '').slice(0, 200)}\n` : `${name}: NOT caught in ${count} cuts\n`)
  }
  return failed === 0 ? 0 : 1
}

try {
  process.exitCode = await main()
} finally {
  for (const at of [work, found]) {
    try {
      execFileSync('umount', [at], { stdio: 'ignore' })
    } catch {
      // It was not mounted.
    }
  }
  rmSync(folder, { recursive: true, force: true })
}
