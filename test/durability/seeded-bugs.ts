import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildPrograms, type Mutation } from './build.js'
import { callOrder } from './call-order.js'
import { crashPoints } from './crash-points.js'
import { errorInjection } from './error-injection.js'
import { fuzzParsers } from './fuzz-parsers.js'
import { histories } from './histories.js'
import { lostReplies } from './lost-replies.js'
import { OPERATIONS } from './operations.js'
import type { Bench, Result } from './suite.js'

interface Bug {
  name: string
  mutations: Mutation[]
  /** The part that must catch it. */
  by: string
  run: (bench: Bench) => Promise<Result>
}

const only = (...names: string[]) => OPERATIONS.filter(({ name }) => names.includes(name))
const fewHistories = (bench: Bench): Promise<Result> => histories(bench, { witnessed: 6, calls: 150, searched: 0 })
const searchedHistories = (bench: Bench): Promise<Result> => histories(bench, { witnessed: 0, calls: 0, searched: 20 })

const BUGS: readonly Bug[] = [
  {
    name: 'an error of another kind from a parser', by: 'b10', run: (bench) => fuzzParsers(bench, ['event file with its checksum'], 500),
    mutations: [{ file: 'backends/journal/event-file.ts', find: "    throw corrupt(place, 'it is not JSON', 'content', cause)\n", replace: '    throw cause\n' }]
  },
  {
    name: 'a key __proto__ that is let in', by: 'b10', run: (bench) => fuzzParsers(bench, ['JSON'], 2_000),
    mutations: [{ file: 'record/parse-json.ts', find: "  if (key === '__proto__') throw", replace: "  if (key === '') throw" }]
  },
  {
    name: 'a prototype that is changed', by: 'b10', run: (bench) => fuzzParsers(bench, ['Retry-After'], 100),
    mutations: [{ file: 'transport/retry-delay.ts', find: '  const text = header.trim()\n', replace: "  const text = header.trim()\n  Reflect.set(Object.prototype, 'polluted', text)\n" }]
  },
  {
    name: 'a parser that is slow', by: 'b10', run: (bench) => fuzzParsers(bench, ['Retry-After'], 300),
    mutations: [{ file: 'transport/retry-delay.ts', find: '  const text = header.trim()\n', replace: '  const text = header.trim()\n  if (text.length > 1_000) for (let index = 0; index < 6e8; index += 1) Math.imul(index, index)\n' }]
  },
  {
    name: 'a parser that keeps what it read', by: 'b10', run: (bench) => fuzzParsers(bench, ['Retry-After'], 600),
    mutations: [{ file: 'transport/retry-delay.ts', find: '  const text = header.trim()\n', replace: '  const text = header.trim()\n  Reflect.set(readRetryAfter, nowMs + text + Math.random(), Buffer.alloc(400_000, 1))\n' }]
  },
  {
    name: 'no flush of folders', by: 'b0', run: (bench) => callOrder(bench, only('tag', 'log-next')),
    mutations: [{ file: 'io/make-folder.ts', find: "    await flush(fd, 'all')\n", replace: '' }]
  },
  {
    name: 'no flush of an event', by: 'b0', run: (bench) => callOrder(bench, only('tag', 'log-next')),
    mutations: [{ file: 'io/node-store-fs.ts', find: 'if (!sync) return\n', replace: 'if (!sync || path !== "") return\n' }]
  },
  {
    name: 'no flush of blobs', by: 'b0', run: (bench) => callOrder(bench, only('tag', 'log-next')),
    mutations: [{ file: 'io/sync-contents.ts', find: '  await syncEach(paths)\n', replace: '  if (paths.length < 0) await syncEach(paths)\n' }]
  },
  {
    name: 'rename in place of link', by: 'b7', run: fewHistories,
    mutations: [{ file: 'backends/local/slot-files.ts', find: '        await fs.link(from, to)\n', replace: '        await fs.rename(from, to)\n' }]
  },
  {
    name: 'no new decision after a conflict', by: 'b7', run: fewHistories,
    mutations: [
      { file: 'backends/journal/commit.ts', find: '  const decision = change.decide(known.state)\n', replace: '  const decision = remembered(change, () => change.decide(known.state))\n' },
      {
        file: 'backends/journal/commit.ts', find: '/** Attempts against other writers',
        replace: 'const decisions = new WeakMap<object, Decision>()\nfunction remembered(change: object, decide: () => Decision): Decision {\n  const decision = decisions.get(change) ?? decide()\n  decisions.set(change, decision)\n  return decision\n}\n/** Attempts against other writers'
      }
    ]
  },
  {
    name: 'stale reads', by: 'b7', run: fewHistories,
    mutations: [{ file: 'backends/journal/model-states.ts', find: '    if (!known || lines.has(model)) return undefined\n', replace: '    if (known && Math.random() < 0.5) return known\n    if (!known || lines.has(model)) return undefined\n' }]
  },
  {
    name: 'stale reads, without looking at the store', by: 'b7', run: searchedHistories,
    mutations: [{ file: 'backends/journal/model-states.ts', find: '    if (!known || lines.has(model)) return undefined\n', replace: '    if (known && Math.random() < 0.5) return known\n    if (!known || lines.has(model)) return undefined\n' }]
  },
  {
    name: 'an event written in its place', by: 'b1', run: (bench) => crashPoints(bench, only('tag')),
    mutations: [{ file: 'backends/local/slot-files.ts', find: '        await fs.link(from, to)\n', replace: "        await fs.writeNew(to, (await fs.readFile(from)) ?? new Uint8Array(), { mode: 0o444, sync: true })\n" }]
  },
  {
    name: 'an error taken for a failure, without a look', by: 'b5', run: lostReplies,
    mutations: [
      { file: 'backends/journal/write-slot.ts', find: '    const owner = await slotOwner(engine, slot)\n    if (owner !== undefined) return owner === slot.commitId\n    if', replace: '    if' },
      { file: 'backends/local/log-store.ts', find: "    if (UNCERTAIN.has(code)) return { outcome: 'uncertain', cause }\n", replace: "    if (UNCERTAIN.has('')) return { outcome: 'uncertain', cause }\n" }
    ]
  },
  {
    name: 'a flush that failed taken for done', by: 'b5', run: lostReplies,
    mutations: [{ file: 'backends/local/log-store.ts', find: "return { outcome: 'uncertain', cause }\n      }\n    },\n    async readSnapshot", replace: "return { outcome: 'durable' }\n      }\n    },\n    async readSnapshot" }]
  },
  {
    name: 'an answer that is read after the commit', by: 'b2', run: (bench) => errorInjection(bench, only('promote')),
    mutations: [{ file: 'backends/journal/commit.ts', find: '  await assertAnswerable(engine, change, version)\n', replace: '' }]
  }
]

/** Plants bugs, one at a time, and shows that the suite finds each: a suite that cannot fail proves nothing. */
export async function seededBugs(bench: Bench): Promise<Result> {
  const violations: string[] = []
  const caught: string[] = []
  for (const [index, { name, mutations, by, run }] of BUGS.entries()) {
    const folder = join(bench.folder, `bug-${index}`)
    const build = await buildPrograms(join(folder, 'build'), mutations)
    const found = await run({ ...bench, build, folder, scale: 1 })
    rmSync(folder, { recursive: true, force: true })
    if (found.violations.length === 0) violations.push(`${name}: not caught by ${by} (${found.counts})`)
    else {
      caught.push(name)
      process.stdout.write(`     ${name}: caught by ${by}: ${(found.violations[0] ?? '').split('\n')[0]?.replaceAll(bench.folder, '').slice(0, 160) ?? ''}\n`)
    }
  }
  return { counts: `${caught.length} of ${BUGS.length} seeded bugs caught`, violations }
}
