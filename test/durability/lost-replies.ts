import { join } from 'node:path'
import * as z from 'zod'
import { startChild } from './child.js'
import { placeIn, prepare } from './operations.js'
import { fingerprint, startChecker, type Bench, type Result } from './suite.js'

const answerSchema = z.object({ problems: z.array(z.string()), resolved: z.int() })

/** B5: every link of an event succeeds and reports an error; and flushes and links whose outcome cannot be told. */
export async function lostReplies(bench: Bench): Promise<Result> {
  const commits = 200 * bench.scale
  const place = placeIn(join(bench.folder, 'lost-replies'))
  await prepare('models', place)
  const base = fingerprint(place.store)
  const child = startChild(join(bench.build.folder, 'lost-replies.cjs'), { shim: bench.build.shim })
  const answer = await child.ask({ folder: place.folder, commits })
  await child.kill()
  const checker = startChecker(bench.build)
  if (answer.kind !== 'answered') return { counts: 'none', violations: [`the program ${answer.kind}: ${answer.errors}`] }
  const { problems, resolved } = answerSchema.parse(answer.value)
  const claims = Array.from({ length: commits }, (_, index) => ({ operationId: `lost-${index}`, outcome: 'acknowledged' as const }))
  problems.push(...(await checker.check({ folder: place.folder, base, claims, deep: true, writersAreGone: true })))
  await checker.child.kill()
  return { counts: `${resolved} of ${commits} lost replies resolved to success, 6 unknown outcomes resolved`, violations: problems }
}
