import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { runStemma as run } from '../../support/fake-terminal.js'

/** What bash puts into COMPREPLY at the end of a line; `stemma` says the words that it was asked with. */
function completed(script: string, typed: string): string[] {
  const program = [
    'stemma() { printf "%s\\n" "${@:3}" >&3; printf "minor\\tx\\nmajor\\ty\\n:4\\n"; }',
    'compopt() { :; }',
    script,
    script,
    'COMP_LINE=$1; COMP_POINT=${#1}; __stemma_complete 3>&1; printf "> %s\\n" "${COMPREPLY[@]}"'
  ]
  return execFileSync('bash', ['--norc', '-c', program.join('\n'), 'bash', typed], { encoding: 'utf8' }).split('\n').slice(0, -1)
}

describe('the script for bash', () => {
  it('needs no other package, may be read twice, and asks with what was typed, unsplit and unrun', async () => {
    const { code, out, err } = await run(['completion', 'bash'])
    expect([code, err]).toEqual([0, ''])
    expect(out).not.toMatch(/_get_comp_words_by_ref|readonly|\beval\b/)
    expect(completed(out, 'stemma stage spam@1.0.0 ')).toEqual(['stage', 'spam@1.0.0', '', '> minor', '> major'])
    expect(completed(out, 'stemma log spam --bump=mi')).toEqual(['log', 'spam', '--bump=mi', '> minor'])
    expect(completed(out, 'stemma log $(exit 1) ma')).toEqual(['log', '$(exit', '1)', 'ma', '> major'])
  })

  it('leaves the console as it was', async () => {
    const print = console.log
    await run(['completion', 'bash'])
    expect(console.log).toBe(print)
  })
})
