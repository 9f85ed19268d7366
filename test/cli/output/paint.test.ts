import { expect, it } from 'vitest'
import { paintFor } from '../../../src/cli/output/paint.js'
import { fakeTerminal } from '../../support/fake-terminal.js'

const RED = '\u001b[31mx\u001b[39m'

it.each([
  [true, {}, RED],
  [false, {}, 'x'],
  [true, { NO_COLOR: '1' }, 'x'],
  [true, { NO_COLOR: '' }, RED],
  [true, { TERM: 'dumb' }, 'x'],
  [false, { FORCE_COLOR: '1' }, RED],
  [true, { FORCE_COLOR: '0' }, 'x'],
  [true, { FORCE_COLOR: '1', NO_COLOR: '1' }, RED]
])('on a terminal: %s, with %o', (isTTY, environment, wanted) => {
  expect(paintFor(fakeTerminal({ isTTY }).out, environment)('bad', 'x')).toBe(wanted)
})
