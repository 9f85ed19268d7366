import { constants } from 'node:os'
import { join } from 'node:path'
import { startChild } from './child.js'
import { CHANGING, COUNT_ONLY, KINDS, type Action, type Kind } from './fault-control.js'
import type { Claim } from './format/check-store.js'
import { OPERATIONS, type Operation } from './operations.js'
import { ranSchema, type Ran, type RunRequest } from './protocol.js'
import { recordCalls } from './recorded-calls.js'
import { copyTemplate, inLanes, makeTemplates, startChecker, type Bench, type Lane, type Result, type Template } from './suite.js'

/** Errors of one class are treated alike; a run takes one of each class by its seed, a long run takes all. */
const CLASSES = [['EIO', 'ESTALE'], ['ENOSPC', 'EDQUOT'], ['EROFS', 'EACCES'], ['EMFILE']] as const
type ErrorName = (typeof CLASSES)[number][number]

interface Injection {
  operation: Operation
  index: number
  action: Action
  error: ErrorName
  persistent: boolean
  kinds: readonly Kind[]
  label: string
}

/** B2: let each call fail, once and for good; each ends with success or a StemmaError, and the same call succeeds afterwards. */
export async function errorInjection(bench: Bench, operations = OPERATIONS): Promise<Result> {
  const folder = join(bench.folder, 'errors')
  const templates = await makeTemplates(folder, operations)
  const injections: Injection[] = []
  for (const operation of operations) {
    const target = join(folder, 'clean')
    copyTemplate(templates, operation, target)
    for (const { index, kind, path } of await recordCalls(bench.build, operation, target, KINDS)) {
      const where = `${operation.name}, call ${index} (${kind} ${path.slice(target.length + 1)})`
      injections.push(...injectionsAt({ operation, index, kinds: KINDS }, kind, where, bench))
    }
  }
  const violations: string[] = []
  const outcomes = new Map<string, number>()
  await inLanes(injections, 2, folder, (lane) => injectingLane(bench, lane, templates, violations, outcomes))
  const seen = [...outcomes].sort().map(([outcome, count]) => `${outcome} ${count}`).join(', ')
  return { counts: `${injections.length} injections (seed ${bench.seed}; ${seen})`, violations }
}

function injectionsAt(at: Pick<Injection, 'operation' | 'index' | 'kinds'>, kind: Kind, where: string, { seed, scale }: Bench): Injection[] {
  const found: Injection[] = []
  const add = (action: Action, error: ErrorName, persistent: boolean): void => {
    found.push({ ...at, action, error, persistent, label: `${where}, ${action === 'E' ? '' : `${action} `}${error}${persistent ? ' from then on' : ''}` })
  }
  const isReading = !CHANGING.includes(kind)
  // What is lost when closing what was only read?
  if (kind === 'close-read' && scale === 1) return found
  CLASSES.forEach((errors, number) => {
    // Reading knows no full disk.
    if (isReading && number === 1) return
    if (scale > 1) {
      for (const error of errors) for (const persistent of [false, true]) add('E', error, persistent)
    } else if (!isReading || (at.index + seed) % 3 === [0, 0, 1, 2][number]) {
      add('E', errors[(at.index + seed) % errors.length] ?? errors[0], (Math.floor(at.index / 2) + number + seed) % 2 === 0)
    }
  })
  if (CHANGING.includes(kind)) add('L', 'EIO', false)
  if (kind === 'write') add('H', 'EIO', false)
  return found
}

function injectingLane(
  bench: Bench,
  lane: string,
  templates: ReadonlyMap<Operation['base'], Template>,
  violations: string[],
  outcomes: Map<string, number>
): Lane<Injection> {
  const { check, child: checker } = startChecker(bench.build)
  const start = () => startChild(join(bench.build.folder, 'injected.cjs'), { shim: bench.build.shim })
  let child = start()
  const ask = async (request: RunRequest, label: string): Promise<Ran | undefined> => {
    const answer = await child.ask(request)
    if (answer.kind === 'answered') return ranSchema.parse(answer.value)
    violations.push(`${label}: the process ${answer.kind} ${answer.errors}`)
    await child.kill()
    child = start()
    return undefined
  }
  return {
    async step({ operation, index, action, error, persistent, kinds, label }) {
      const target = join(lane, 'point')
      const base = copyTemplate(templates, operation, target)
      const common = { folder: target, base, writersAreGone: false, trashCounts: operation.base === 'needed-trash', exported: operation.name.startsWith('export') }
      const plan = { action, from: index, to: persistent ? COUNT_ONLY : index, errno: constants.errno[error], kinds: [...kinds] }
      const ran = await ask({ operation: operation.name, folder: target, plan }, label)
      if (!ran) return
      if (ran.fired === 0) violations.push(`${label}: was not reached`)
      if (ran.untyped !== undefined) violations.push(`${label}: ended with an error that is no StemmaError: ${ran.untyped}`)
      outcomes.set(ran.code ?? 'success', (outcomes.get(ran.code ?? 'success') ?? 0) + 1)
      const claims: Claim[] = [ran]
      if (ran.outcome !== 'acknowledged') {
        violations.push(...(await check({ ...common, claims, deep: false })).map((problem) => `${label}: ${problem}`))
        const again = await ask({ operation: operation.name, folder: target, plan, again: true }, label)
        // The folder may be in place, whole, which the checker looks at, when the disk failed for good right after.
        const isInPlace = operation.name === 'export' && again?.code === 'DESTINATION_EXISTS'
        if (again && again.outcome !== 'acknowledged' && !isInPlace) violations.push(`${label}: ${ran.code ?? ''}, and the same call without the fault: ${again.code ?? again.untyped ?? ''}`)
        if (again) claims.push(again)
      }
      // That every version loads and that the store takes other commits is looked at in every third case: the same call has just succeeded.
      const isDeep = bench.scale > 1 || (index + bench.seed) % 3 === 0
      violations.push(...(await check({ ...common, claims: claims.slice(-1), deep: isDeep })).map((problem) => `${label}: ${problem}`))
    },
    async end() {
      await Promise.all([child.kill(), checker.kill()])
    }
  }
}
