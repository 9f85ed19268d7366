import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { allowedVariables } from '../../src/capture/variables.js'

const page = readFileSync(join(import.meta.dirname, '../../docs/capture-and-privacy.md'), 'utf8')

it('names every variable that is recorded, and no other', () => {
  const list = page.slice(page.indexOf('The variables, whole names only'), page.indexOf('What `logModel` is told'))
  const named = [...list.matchAll(/`([A-Z0-9_]+)`/g)].map((match) => match[1])
  const everyVariable = new Proxy<Record<string, string>>({}, { get: () => 'set' })
  expect(named).toEqual(Object.keys(allowedVariables(everyVariable)))
})
