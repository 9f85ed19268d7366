import { join } from 'node:path'
import * as z from 'zod'
import { startChild } from './child.js'
import { open, placeIn, prepare, MODEL } from './operations.js'
import type { Bench, Result } from './suite.js'

const answerSchema = z.object({ files: z.int(), flips: z.int(), problems: z.array(z.string()) })

/** B12: one wrong bit in any file is found, named, and never handed out. */
export async function bitRot(bench: Bench): Promise<Result> {
  const place = placeIn(join(bench.folder, 'bit-rot'))
  await prepare('long', place)
  // One more event: then there is a snapshot, too. And nothing that no version needs.
  await using registry = await open(place)
  await registry.updateMetadata(`${MODEL}@1.0.2`, { tags: { last: 'one' } })
  await registry.close()
  const child = startChild(join(bench.build.folder, 'bit-rot.cjs'), { patienceMs: 300_000 })
  const answer = await child.ask({ folder: place.folder, seed: bench.seed })
  await child.kill()
  if (answer.kind !== 'answered') return { counts: 'none', violations: [`the program ${answer.kind}: ${answer.errors}`] }
  const { files, flips, problems } = answerSchema.parse(answer.value)
  return { counts: `${flips} flipped bits in ${files} files`, violations: problems }
}
