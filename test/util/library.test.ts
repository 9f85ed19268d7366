import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { LIBRARY } from '../../src/util/library.js'

it('names the version of the package', () => {
  const { name, version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { name: string; version: string }
  expect(LIBRARY).toBe(`${name}/${version}`)
})
