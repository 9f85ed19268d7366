import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ERROR_CODES } from '../../src/errors/codes.js'

it('docs/errors.md has a heading for every error code, and no other', () => {
  const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  const headings = [...text.matchAll(/^### (\w+)$/gm)].map((match) => match[1])
  expect(headings.toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted())
})
