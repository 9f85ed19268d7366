// argv[3] clients of the registry argv[2] move two versions of a model each to production in turn, argv[4] times in all, after some thousand
// times that do not count: a program that has just started interprets its code. Prints the rate.
import { openRegistry } from 'stemma'

const WARM_UP = 3_000
const [, , target, clients, total] = process.argv
const isRemote = target.startsWith('http')
const shared = isRemote ? undefined : await openRegistry(target)
const workers = await Promise.all(
  Array.from({ length: Number(clients) }, async (_, index) => {
    const registry = shared ?? (await openRegistry(target))
    const name = `moves-${process.pid}-${index}`
    for (const content of ['a', 'b']) await registry.logModel({ name, artifacts: { 'w.bin': Buffer.from(content) }, capture: false })
    return { registry, name }
  })
)
const move = (times) =>
  Promise.all(
    workers.map(async ({ registry, name }) => {
      for (let turn = 0; turn < times; turn++) await registry.transitionStage(`${name}#${1 + (turn % 2)}`, 'production')
    })
  )
await move(Math.ceil(WARM_UP / workers.length))
const each = Math.ceil(Number(total) / workers.length)
const begin = performance.now()
await move(each)
const rate = (each * workers.length * 1000) / (performance.now() - begin)
for (const { registry } of workers) await registry.close()
console.log(`rate ${rate}\npeak-kib ${process.resourceUsage().maxRSS}`)
