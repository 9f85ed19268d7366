import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findProgram } from '../../src/io/find-program.js'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stemma-find-'))
  for (const name of ['one', 'two']) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'tool'), '')
  }
  chmodSync(join(folder, 'two', 'tool'), 0o755)
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const find = (PATH: string): Promise<string | undefined> => findProgram('tool', { variables: { PATH }, platform: 'linux' })

describe('findProgram', () => {
  it('gives the first executable file on the PATH', async () => {
    expect(await find(`${join(folder, 'one')}:${join(folder, 'two')}`)).toBe(join(folder, 'two', 'tool'))
    expect(await find(join(folder, 'one'))).toBeUndefined()
  })

  it('passes over relative entries, which mean whatever the working folder holds', async () => {
    expect(await find(`${relative(process.cwd(), join(folder, 'two'))}::.`)).toBeUndefined()
  })

  it('finds nothing without a PATH', async () => {
    expect(await findProgram('tool', { variables: {}, platform: 'linux' })).toBeUndefined()
  })

  it('reads Path in any case on Windows, and runs no scripts', async () => {
    writeFileSync(join(folder, 'one', 'tool.CMD'), '')
    writeFileSync(join(folder, 'two', 'tool.EXE'), '')
    for (const path of [join(folder, 'one', 'tool.CMD'), join(folder, 'two', 'tool.EXE')]) chmodSync(path, 0o755)
    const search = (Path: string): Promise<string | undefined> =>
      findProgram('tool', { variables: { Path, PathExt: '.COM;.EXE;.BAT;.CMD' }, platform: 'win32' })
    expect(await search(join(folder, 'one'))).toBeUndefined()
    expect(await search(join(folder, 'two'))).toBe(join(folder, 'two', 'tool.EXE'))
  })
})
