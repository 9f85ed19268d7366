// Captures code, environment and hardware in the repository argv[2], in turn with one `git status` there. Prints one JSON line.
import { execFileSync } from 'node:child_process'
import { openRegistry } from 'stemma'

process.chdir(process.argv[2])
const rounds = Number(process.argv[3])
const registry = await openRegistry('memory:')
const ours = []
const limits = []
const without = []
for (let round = 0; round <= rounds; round++) {
  let begin = performance.now()
  await registry.logModel({ name: 'bare', artifacts: { 'model.bin': 'x' }, capture: false })
  const bareMs = performance.now() - begin
  begin = performance.now()
  const { code } = await registry.logModel({ name: 'captured', artifacts: { 'model.bin': 'x' } })
  const capturedMs = performance.now() - begin
  if (code.state !== 'captured') throw new Error(code.reason)
  begin = performance.now()
  execFileSync('git', ['status', '--porcelain=v2', '--branch'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const statusMs = performance.now() - begin
  if (round === 0) continue
  ours.push(capturedMs)
  without.push(bareMs)
  limits.push(statusMs)
}
console.log(JSON.stringify({ ours, without, limits }))
console.log(`peak-kib ${process.resourceUsage().maxRSS}`)
