import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeFoldersSync } from '../../src/io/make-folder.js'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stemma-make-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('makeFoldersSync', () => {
  it('makes what is missing, and says what, the outermost first', () => {
    expect(makeFoldersSync(join(folder, 'a', 'b', 'c'), 0o700)).toEqual([join(folder, 'a'), join(folder, 'a', 'b'), join(folder, 'a', 'b', 'c')])
    expect(makeFoldersSync(join(folder, 'a', 'b', 'd'), 0o700)).toEqual([join(folder, 'a', 'b', 'd')])
    expect(makeFoldersSync(join(folder, 'a', 'b', 'd'), 0o700)).toEqual([])
    expect(statSync(join(folder, 'a', 'b', 'd')).mode & 0o777).toBe(0o700)
  })

  it('tells a file or a dangling link in the way', () => {
    writeFileSync(join(folder, 'file'), '')
    symlinkSync('/nonexistent/x', join(folder, 'link'))
    expect(() => makeFoldersSync(join(folder, 'file'), 0o700)).toThrow(/EEXIST/)
    expect(() => makeFoldersSync(join(folder, 'file', 'below'), 0o700)).toThrow(/ENOTDIR/)
    expect(() => makeFoldersSync(join(folder, 'link'), 0o700)).toThrow(/EEXIST/)
  })

  it.runIf(process.platform === 'linux')('gives up where a folder takes nothing new, instead of never ending', () => {
    const module = JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../src/io/make-folder.ts')).href)
    const program = `import(${module}).then(({ makeFoldersSync }) => makeFoldersSync('/proc/nothing/below', 0o700)).catch((error) => console.log(error.code))`
    // In a process of its own: a call that never ends cannot be stopped from within.
    const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', '-e', program], { timeout: 15_000, encoding: 'utf8' })
    expect(stdout.trim()).toBe('ENOENT')
  })
})
