import { join } from 'node:path'
import { startChild, type Child } from './child.js'
import { CHANGING, type Action } from './fault-control.js'
import { OPERATIONS, type Operation } from './operations.js'
import { ranSchema, type RunRequest } from './protocol.js'
import { recordCalls } from './recorded-calls.js'
import { copyTemplate, inLanes, makeTemplates, startChecker, type Bench, type Result } from './suite.js'

interface Point {
  operation: Operation
  index: number
  action: Action
  label: string
}

/** B1: kill the process before each call that changes something, and in the middle of each write; then look. */
export async function crashPoints(bench: Bench, operations = OPERATIONS): Promise<Result> {
  const folder = join(bench.folder, 'crash')
  const templates = await makeTemplates(folder, operations)
  const points: Point[] = []
  for (const operation of operations) {
    const target = join(folder, 'clean')
    copyTemplate(templates, operation, target)
    const calls = await recordCalls(bench.build, operation, target, CHANGING)
    for (const { index, kind, path } of calls) {
      const label = `${operation.name}, call ${index} (${kind} ${path.slice(target.length + 1)})`
      points.push({ operation, index, action: 'K', label })
      if (kind === 'write') points.push({ operation, index, action: 'T', label: `${label}, torn` })
    }
  }
  const violations: string[] = []
  await inLanes(points, 2, folder, (lane) => {
    const { check, child: checker } = startChecker(bench.build)
    const start = (): Child => startChild(join(bench.build.folder, 'injected.cjs'), { shim: bench.build.shim })
    let current = start()
    // The next one starts while the store of this one is checked.
    let spare = start()
    return {
      async step({ operation, index, action, label }) {
        const target = join(lane, 'point')
        const base = copyTemplate(templates, operation, target)
        const plan = { action, from: index, to: index, errno: 0, kinds: [...CHANGING] }
        const request: RunRequest = { operation: operation.name, folder: target, plan }
        const answer = await current.ask(request)
        if (answer.kind === 'answered') violations.push(`${label}: was not reached (${ranSchema.parse(answer.value).outcome})`)
        if (answer.kind === 'hung') violations.push(`${label}: hung`)
        await current.kill()
        current = spare
        spare = start()
        const outcome = answer.acknowledged ? 'acknowledged' : 'killed'
        const problems = await check({
          folder: target,
          base,
          claims: operation.commits ? [{ operationId: operation.name, outcome }] : [],
          deep: true,
          writersAreGone: true,
          trashCounts: operation.base === 'needed-trash',
          exported: operation.name.startsWith('export')
        })
        violations.push(...problems.map((problem) => `${label}: ${problem}`))
      },
      async end() {
        await Promise.all([current.kill(), spare.kill(), checker.kill()])
      }
    }
  })
  return { counts: `${points.length} points of ${operations.length} operations`, violations }
}
