import type { RootCommand } from '@bomb.sh/tab'
import { defaultTarget } from '../registry/default-target.js'

const MAX_NAMES = 1_000
/** Arguments that begin with the name of a model. */
const MODEL_ARGUMENTS = new Set(['model', 'reference', 'model-or-reference', 'a', 'b'])

/** Has arguments completed by the names of models and stages, of a registry in a folder: one at an address takes too long for a key. */
export async function completeNames(shell: RootCommand): Promise<void> {
  const { models, stages } = await knownNames()
  for (const command of shell.commands.values()) {
    for (const argument of command.arguments.values()) {
      const names = MODEL_ARGUMENTS.has(argument.name) ? models : argument.name === 'stage' ? stages : undefined
      if (names === undefined) continue
      argument.handler = (complete) => {
        for (const name of names) complete(name, '')
      }
    }
  }
}

async function knownNames(): Promise<{ models: readonly string[]; stages: readonly string[] }> {
  const models: string[] = []
  try {
    const [{ parseTarget }, { openRegistry }] = await Promise.all([import('../registry/target.js'), import('../registry/open-registry.js')])
    const target = defaultTarget()
    if (parseTarget(target).kind !== 'local') return { models, stages: [] }
    await using registry = await openRegistry(target, { create: false })
    for await (const { name } of registry.models()) if (models.push(name) === MAX_NAMES) break
    return { models, stages: registry.policy.stages }
  } catch {
    // Whoever presses a key wants names, and not to be told why there are none.
    return { models, stages: [] }
  }
}
