import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, inject, it } from 'vitest'
import { ROOT, runIn, writeProject } from './workspace.js'

const workspace = inject('workspace')
const jest = join(workspace.folder, 'node_modules/jest/bin/jest.js')

/** A backend of one's own, held to the suite of the kit as docs/custom-backends.md shows it. */
const SUITE = `
import { conformanceFor } from 'stemma/testing'
import { openBucketBackend } from './bucket-backend.js'
import { createMemoryBucket } from './bucket.js'

const CAPABILITIES = {
  compareAndSet: true, atomicTransition: true, history: true, timeTravel: true,
  idempotentMutations: true, garbageCollection: true, durable: true, localFiles: false
}

describe('bucket backend', () => {
  for (const { name, promise, run } of conformanceFor(CAPABILITIES)) {
    it(name + ': ' + promise, () => run(() => openBucketBackend(createMemoryBucket(() => Date.now()), { location: 's3://models', pollMs: 5 })))
  }
})
`

/** The example's files as JavaScript, each for itself. */
function bucketFiles(): Record<string, string> {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
  const translate = (name: string): string => ts.transpileModule(readFileSync(join(ROOT, 'examples/custom-backend', `${name}.ts`), 'utf8'), { compilerOptions }).outputText
  return Object.fromEntries(['bucket', 'bucket-backend'].map((name) => [`${name}.js`, translate(name)]))
}

function project(name: string, suite: string): string {
  return writeProject(workspace, name, { 'package.json': '{ "private": true, "type": "module" }', ...bucketFiles(), 'suite.test.js': suite })
}

describe.each(Object.entries(workspace.nodes))('the conformance suite on %s', (name, node) => {
  it('runs in Jest, as ES modules', async () => {
    const folder = project(`conformance-jest-${name}`, SUITE)
    await runIn(folder, node, [jest, '--ci', '--no-cache', '--json', '--outputFile=result.json'], { NODE_OPTIONS: '--experimental-vm-modules' })
    expectAllPassed(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')))
  })

  it('runs in node:test', async () => {
    const folder = project(`conformance-node-${name}`, `import { describe, it } from 'node:test'\n${SUITE}`)
    const printed = await runIn(folder, node, ['--test', '--test-reporter=tap'])
    const count = (word: string): number => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(printed)?.[1])
    expect([count('fail'), count('cancelled'), count('skipped')]).toEqual([0, 0, 0])
    expect(count('pass')).toBeGreaterThan(80)
  })
})

function expectAllPassed(result: unknown): void {
  expect(result).toMatchObject({ success: true, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 })
  expect(result).toHaveProperty('numPassedTests', expect.toSatisfy((count: number) => count > 80))
}
