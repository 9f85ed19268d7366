// Back to the version that was live before, its bytes verified first: `tsx examples/spam/rollback.ts <reason>`.
import { rollback, type ModelVersion } from 'stemma'
import { runAsProgram, short } from '../program.js'

/** Takes the live version of `spam` back. */
export async function goBack(reason: string): Promise<ModelVersion> {
  return rollback('spam', { reason, actor: 'on-call' })
}

await runAsProgram(import.meta.url, async ([reason = 'no reason given']) => {
  const { version, digest } = await goBack(reason)
  console.log(`spam@${version} (${short(digest)}) is in production again`)
})
