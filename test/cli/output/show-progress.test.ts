import { expect, it } from 'vitest'
import { showProgress } from '../../../src/cli/output/show-progress.js'
import { fakeTerminal } from '../../support/fake-terminal.js'

it('draws what is done, how fast and how long it still takes, and leaves nothing of it', async () => {
  const terminal = fakeTerminal({ isTTY: true })
  const { onProgress, stop } = await showProgress(terminal, true)
  onProgress?.({ phase: 'hash', path: 'a.onnx', doneBytes: 500_000, totalBytes: 2_000_000 })
  onProgress?.({ phase: 'hash', path: 'b\u001b[2J.onnx', doneBytes: 1_000_000, totalBytes: 2_000_000 })
  stop()
  const { err, out } = terminal.text
  expect(out).toBe('')
  expect(err).toMatch(/hash {2}━{10} +50% {2}1\.0 MB of 2\.0 MB {2}\S+ [kMGTP]?B\/s {2}\S+ left {2}b\\u\{1b\}\[2J\.onnx/)
  // The cursor is shown again, and the line is empty.
  expect(err).toMatch(/\u001b\[\?25h/)
  expect(err.endsWith('\u001b[2K')).toBe(true)
})

it('says what is done where nobody knows of how much', async () => {
  const terminal = fakeTerminal({ isTTY: true })
  const { onProgress, stop } = await showProgress(terminal, true)
  onProgress?.({ phase: 'store', doneBytes: 1_000 })
  stop()
  expect(terminal.text.err).toMatch(/store {2}1\.0 kB {2}\S+ [kMGTP]?B\/s/)
  expect(terminal.text.err).not.toContain('%')
})

it('is quiet where nobody watches, or nobody wants it', async () => {
  for (const [isTTY, isWanted] of [[false, true], [true, false]] as const) {
    const terminal = fakeTerminal({ isTTY })
    const { onProgress, stop } = await showProgress(terminal, isWanted)
    expect(onProgress).toBeUndefined()
    stop()
    expect(terminal.text.err).toBe('')
  }
})
