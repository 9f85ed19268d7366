import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findProjectRoot } from '../../src/capture/project-root.js'
import { makeSandbox, type Sandbox } from './git-fixture.js'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = makeSandbox()
  mkdirSync(join(sandbox.folder, 'a/b/c'), { recursive: true })
})
afterEach(() => {
  sandbox.remove()
})

describe('findProjectRoot', () => {
  it('is the folder itself when nothing above says otherwise', () => {
    const start = join(sandbox.folder, 'a/b')
    expect(findProjectRoot(start)).toBe(start)
  })

  it('is the nearest folder with a package.json or a .git, folder or file', () => {
    sandbox.write('a/.git', 'gitdir: elsewhere\n')
    expect(findProjectRoot(join(sandbox.folder, 'a/b/c'))).toBe(join(sandbox.folder, 'a'))
    sandbox.write('a/b/package.json', '{}')
    expect(findProjectRoot(join(sandbox.folder, 'a/b/c'))).toBe(join(sandbox.folder, 'a/b'))
    expect(findProjectRoot(join(sandbox.folder, 'a/b'))).toBe(join(sandbox.folder, 'a/b'))
  })
})
