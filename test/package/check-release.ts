import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { releaseProblems } from './release-problems.js'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const manifest = z
  .object({ version: z.string(), repository: z.union([z.string(), z.object({ url: z.string() }).transform(({ url }) => url)]).optional() })
  .parse(JSON.parse(read('package.json')))
const tag = process.argv[2] ?? `v${manifest.version}`
const problems = releaseProblems({ tag, version: manifest.version, repository: manifest.repository, changelog: read('CHANGELOG.md') })
for (const problem of problems) console.error(`${tag} cannot be published: ${problem}`)
if (problems.length > 0) process.exitCode = 1
