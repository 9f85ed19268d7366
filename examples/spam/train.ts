// Trains the spam filter and logs it with everything that made it: `tsx examples/spam/train.ts [recipe …]`.
import { logModel, startTraining, type LogModelInput, type ModelVersion } from 'stemma'
import { percent, runAsProgram, short } from '../program.js'
import { CORPUS_VERSION, GROUPS, groupFolder, readMails, type Group } from './corpus.js'
import { evaluate, THRESHOLD } from './evaluate.js'
import { filterFiles, preprocessingFiles } from './files.js'
import { fit, strongestWords } from './model.js'

/** What to train on, and how many words to learn. */
interface Recipe {
  groups: readonly Group[]
  vocabularySize: number
}

/** Three ways to train it, from the first idea to the one that holds. */
const RECIPES = {
  first: { groups: ['easy-ham-1', 'spam-1'], vocabularySize: 500 },
  'more-spam': { groups: ['easy-ham-1', 'spam-1', 'spam-2'], vocabularySize: 2_000 },
  everything: { groups: GROUPS, vocabularySize: 2_000 }
} satisfies Record<string, Recipe>
/** The name of a way to train. */
export type RecipeName = keyof typeof RECIPES

/** Trains by a recipe and logs the result as the next version of `spam`. */
export async function train(name: RecipeName): Promise<ModelVersion> {
  const { groups, vocabularySize }: Recipe = RECIPES[name]
  const settings = { vocabularySize, epochs: 12, learningRate: 0.1, seed: 7 }

  const training = startTraining({ params: { ...settings, groups } })
  const mails = groups.flatMap((group) => readMails(group, 'training'))
  const filter = fit(mails, settings, (epoch, loss) => {
    training.metric('loss', loss, epoch)
  })
  training.finish()

  const input: LogModelInput = {
    name: 'spam',
    artifacts: filterFiles(filter, THRESHOLD),
    preprocessing: preprocessingFiles(filter),
    training,
    ...evaluate(filter),
    featureImportance: strongestWords(filter, 50),
    datasets: groups.map((group) => ({
      name: `spam-assassin/${group}`,
      version: CORPUS_VERSION,
      path: groupFolder(group),
      role: 'training'
    })),
    signature: { input: { text: 'string' }, output: { spam: 'boolean', probability: 'number' } },
    tags: { recipe: name },
    description: `Words of ${mails.length} mails, logistic regression`
  }
  return logModel(input, { actor: 'training' })
}

/** A version in one line: what it is and how good. */
function describe({ name, version, digest, metrics }: ModelVersion): string {
  return `${name}@${version} (${short(digest)}) is right on ${percent(metrics['accuracy'])} of mails, catches ${percent(metrics['caught'])} of spam`
}

function isRecipeName(name: string): name is RecipeName {
  return Object.hasOwn(RECIPES, name)
}

await runAsProgram(import.meta.url, async (args) => {
  const names = args.length === 0 ? ['first', 'everything'] : args
  for (const name of names) {
    if (!isRecipeName(name)) throw new RangeError(`there is no recipe ${name}; there are ${Object.keys(RECIPES).join(', ')}`)
    console.log(describe(await train(name)))
  }
})
