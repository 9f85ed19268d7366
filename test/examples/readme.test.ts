import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const examples = join(import.meta.dirname, '../../examples')
const readme = readFileSync(join(examples, 'README.md'), 'utf8')

it('links to what there is', () => {
  const targets = [...readme.matchAll(/\]\(([^)]+)\)/g)].map((match) => match[1] ?? '')
  expect(targets.length).toBeGreaterThan(10)
  expect(targets.filter((target) => !existsSync(join(examples, target)))).toEqual([])
})

it('tells how to run each program that is one', () => {
  const files = readdirSync(examples, { recursive: true }).map(String).filter((name) => name.endsWith('.ts') && !name.startsWith('mlflow'))
  const programs = files.filter((name) => readFileSync(join(examples, name), 'utf8').includes('await runAsProgram(import.meta.url'))
  expect(programs.length).toBeGreaterThan(10)
  expect(programs.filter((name) => !readme.includes(`\`npx tsx examples/${name}`))).toEqual([])
})
