import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, inject, it } from 'vitest'
import { ROOT, runIn, writeProject } from './workspace.js'

const workspace = inject('workspace')
const tool = (path: string): string => join(workspace.folder, 'node_modules', path)

/** The suite of a backend of one's own, in a runner that has realms of its own. */
const CONFORMANCE = `
const { conformanceFor, createTestRegistry } = require('stemma/testing')
const { createRegistry } = require('stemma/backends')
test('the kit loads without msw', async () => {
  const { registryHandlers } = require('stemma/testing')
  expect(() => registryHandlers()).toThrow('msw')
  expect(typeof createRegistry).toBe('function')
  const registry = createTestRegistry()
  await registry.close()
  expect(conformanceFor(registry.capabilities).length).toBeGreaterThan(80)
})
`

function filesOf(example: string): Record<string, string> {
  const folder = join(ROOT, 'examples', example)
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

describe.each(Object.entries(workspace.nodes))('on %s', (name, node) => {
  it('runs the fixture for Jest, and its snapshot holds', async () => {
    const project = writeProject(workspace, `jest-fixture-${name}`, { ...filesOf('jest-fixture'), 'kit.test.js': CONFORMANCE })
    await runIn(project, node, [tool('jest/bin/jest.js'), '--ci', '--no-cache'])
  })

  it('runs the fixture for Vitest', async () => {
    const project = writeProject(workspace, `vitest-fixture-${name}`, filesOf('vitest-fixture'))
    await runIn(project, node, [tool('vitest/vitest.mjs'), 'run', '--root', '.'])
  })
})
