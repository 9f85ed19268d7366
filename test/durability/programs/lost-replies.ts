import { constants } from 'node:os'
import * as z from 'zod'
import { isStemmaError, type Registry } from '../../../src/index.js'
import { COUNT_ONLY, faults, type Plan } from '../fault-control.js'
import { MODEL, open, placeIn } from '../operations.js'
import { answerLines } from './lines.js'

/** Commits while each reply of the disk is lost: the event's link succeeds and reports an error. */

const ERRORS = [constants.errno.EIO, constants.errno.ESTALE, constants.errno.ETIMEDOUT]
const requestSchema = z.object({ folder: z.string(), commits: z.int() })

async function answer(line: unknown): Promise<{ problems: string[]; resolved: number }> {
  const { folder, commits } = requestSchema.parse(line)
  const problems: string[] = []
  const registry = await open(placeIn(folder))
  faults.watch(folder)
  let resolved = 0
  for (let index = 0; index < commits; index += 1) {
    faults.arm({ action: 'L', from: 1, to: 1, errno: ERRORS[index % ERRORS.length] ?? 5, kinds: ['link'], text: '/log/' })
    const told = await tag(registry, `lost-${index}`)
    const { fired } = faults.status()
    faults.off()
    if (fired !== 1) problems.push(`commit ${index}: the fault was not reached`)
    if (told === undefined) resolved += 1
    else problems.push(`commit ${index}: ${told.code}, though its event is there`)
  }
  for (const errno of ERRORS) {
    await expectUnknown(registry, { action: 'E', from: 1, to: COUNT_ONLY, errno, kinds: ['sync'], text: '/log' }, true, `flush-${errno}`, problems)
    await expectUnknown(registry, { action: 'E', from: 1, to: COUNT_ONLY, errno, kinds: ['link'], text: '/log/' }, false, `link-${errno}`, problems)
  }
  await registry.close()
  return { problems, resolved }
}

async function tag(registry: Registry, operationId: string): Promise<{ code: string; commitId: string } | undefined> {
  try {
    await registry.updateMetadata(`${MODEL}@1.0.0`, { tags: { last: operationId } }, { operationId })
    return undefined
  } catch (error) {
    if (!isStemmaError(error)) throw error
    return { code: error.code, commitId: String(error.details['commitId']) }
  }
}

/** Nobody can tell whether it was committed; later, asking tells the truth, and the same call succeeds without a second event. */
async function expectUnknown(registry: Registry, plan: Plan, isThere: boolean, operationId: string, problems: string[]): Promise<void> {
  faults.arm(plan)
  const told = await tag(registry, operationId)
  faults.off()
  if (told?.code !== 'COMMIT_UNKNOWN') problems.push(`${operationId}: wanted COMMIT_UNKNOWN, found ${told?.code ?? 'success'}`)
  const resolved = await registry.resolveCommit(MODEL, told?.commitId ?? '')
  if ((resolved !== undefined) !== isThere) problems.push(`${operationId}: resolveCommit says ${resolved ? 'committed' : 'not committed'}`)
  const again = await tag(registry, operationId)
  if (again) problems.push(`${operationId}: the same call afterwards: ${again.code}`)
}

void answerLines(answer)
