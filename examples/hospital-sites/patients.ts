// 228 patients with advanced lung cancer at 18 institutions of the North Central Cancer Treatment Group: C. L. Loprinzi et al., Journal
// of Clinical Oncology 12(3), 1994. `ncctg-lung.csv` is the copy that the Python package lifelines 0.30.3 (MIT licence) comes with.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Case } from '../logistic-regression.js'

/** The file, so that it can be hashed. */
export const PATIENTS_FILE = fileURLToPath(new URL('ncctg-lung.csv', import.meta.url))

/** How far ahead the model looks. */
export const DAYS = 180

/** Sites with fewer patients than this are trained on, but too small to be measured. */
const FEWEST_PATIENTS = 15

/** A patient as a case: `target` is whether they died within {@link DAYS}. */
export interface Patient extends Case {
  /** `site=12`: as a slice of an evaluation, and as an audience. */
  site: string
}

/** The patients of whom it is known how they were after {@link DAYS}. `features` are names of columns. */
export function readPatients(features: readonly string[]): Patient[] {
  const [header = '', ...lines] = readFileSync(PATIENTS_FILE, 'utf8').trim().split(/\r?\n/)
  const columns = header.split(',')
  return lines
    .map((line) => line.split(','))
    .map((fields) => (column: string): number => {
      const field = fields[columns.indexOf(column)] ?? ''
      return field === '' ? NaN : Number(field)
    })
    .filter((read) => !Number.isNaN(read('inst')) && (read('time') >= DAYS || read('status') === 1))
    .map((read) => ({ site: `site=${read('inst')}`, values: features.map(read), target: read('time') < DAYS }))
}

/** The sites that are large enough to be measured, the largest first. */
export function measuredSites(patients: readonly Patient[]): string[] {
  const counts = new Map<string, number>()
  for (const { site } of patients) counts.set(site, (counts.get(site) ?? 0) + 1)
  const large = [...counts].filter(([, count]) => count >= FEWEST_PATIENTS)
  return large.sort(([, a], [, b]) => b - a).map(([site]) => site)
}
