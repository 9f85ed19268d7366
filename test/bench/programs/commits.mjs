// Durable commits of one process against the raw system calls, in turn. argv[2]: an empty folder. Prints one JSON line.
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { openRegistry } from 'stemma'

const root = process.argv[2]
const rounds = Number(process.argv[3])
const perRound = Number(process.argv[4])
const registry = await openRegistry(join(root, 'store'))
await registry.logModel({ name: 'bench', artifacts: { 'model.bin': 'x' }, capture: false })
const event = Buffer.alloc(700, 'e')
mkdirSync(join(root, 'raw/tmp'), { recursive: true })
mkdirSync(join(root, 'raw/log'), { recursive: true })

let serial = 0
function rawCommit() {
  const temporary = join(root, 'raw/tmp', String(serial))
  const file = openSync(temporary, 'wx', 0o444)
  writeSync(file, event)
  fsyncSync(file)
  closeSync(file)
  linkSync(temporary, join(root, 'raw/log', String(serial)))
  const folder = openSync(join(root, 'raw/log'), 'r')
  fsyncSync(folder)
  closeSync(folder)
  unlinkSync(temporary)
  serial++
}

const ours = []
const raw = []
for (let round = 0; round <= rounds; round++) {
  let begin = performance.now()
  for (let index = 0; index < perRound; index++) await registry.updateMetadata('bench', { tags: { round: `${round}-${index}` } })
  const oursMs = performance.now() - begin
  begin = performance.now()
  for (let index = 0; index < perRound; index++) rawCommit()
  const rawMs = performance.now() - begin
  if (round === 0) continue
  ours.push((perRound / oursMs) * 1000)
  raw.push((perRound / rawMs) * 1000)
}
await registry.close()
console.log(JSON.stringify({ ours, raw }))
console.log(`peak-kib ${process.resourceUsage().maxRSS}`)
