import { expect, it } from 'vitest'
import { tellError } from '../../../src/cli/output/tell-error.js'
import { commandWords } from '../../../src/cli/output/command-words.js'
import { StemmaError } from '../../../src/errors/stemma-error.js'
import { fakeTerminal } from '../../support/fake-terminal.js'

function told(error: unknown, isJson = false): string {
  const terminal = fakeTerminal()
  tellError(terminal, error, isJson)
  return terminal.text.err
}

it('says what failed, its code, and what to do', () => {
  expect(told(new StemmaError('NOT_FOUND', 'there is no model x', { hint: 'models() lists those there are.' }))).toBe(
    'stemma: there is no model x (NOT_FOUND)\n  stemma list lists those there are.\n'
  )
  expect(told(new Error('boom'))).toBe('stemma: boom\n')
  expect(told('boom')).toBe('stemma: boom\n')
})

it('indents what is below the first line, and lets nothing steer the terminal', () => {
  expect(told(new StemmaError('INVALID_QUERY', 'a value is missing\n  auc >\u001b[2J\n       ^'))).toBe('stemma: a value is missing (INVALID_QUERY)\n    auc >\\u{1b}[2J\n         ^\n')
})

it('gives programs one line of JSON', () => {
  const text = told(new StemmaError('CONFLICT', 'other', { details: { current: '1.0.0' } }), true)
  expect(text.split('\n')).toHaveLength(2)
  expect(JSON.parse(text)).toEqual({ error: { code: 'CONFLICT', message: 'other', retryable: false, details: { current: '1.0.0' } } })
  expect(JSON.parse(told(new Error('boom'), true))).toEqual({ error: { code: 'FAILED', message: 'boom' } })
})

it('says hints in the words of the command line', () => {
  expect(commandWords("Move it out first: promote another version, or transitionStage('spam@1.0.0', 'archived').")).toBe(
    'Move it out first: promote another version, or stemma stage spam@1.0.0 archived.'
  )
  expect(commandWords('spam waits in /x until flushOutbox()')).toBe('spam waits in /x until stemma outbox flush')
  expect(commandWords('give the queued one up: stemma outbox discard (discardQueued).')).toBe('give the queued one up: stemma outbox discard.')
  expect(commandWords('name the hosts that they call by --allow-host (createServer: allowedHosts)')).toBe('name the hosts that they call by --allow-host')
  expect(commandWords('the operationId run-7 has made spam@1.0.0 before; give it another operationId')).toBe(
    'the --operation-id run-7 has made spam@1.0.0 before; give it another --operation-id'
  )
  expect(commandWords('nothing known')).toBe('nothing known')
})
