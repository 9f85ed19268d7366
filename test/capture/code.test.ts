import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { captureCode } from '../../src/capture/code.js'
import type { Code } from '../../src/schemas/captured.js'
import { makeSandbox, probeOf, type Sandbox } from './git-fixture.js'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = makeSandbox()
})
afterEach(() => {
  sandbox.remove()
})

async function codeOf(directory: string, options: { variables?: Record<string, string>; program?: string } = {}): Promise<Code> {
  const code = await captureCode(probeOf(sandbox, options.variables), { directory, program: options.program })
  if (code.state !== 'captured') throw new Error(code.reason)
  return code
}

const head = (root: string): string => sandbox.git(root, 'rev-parse', 'HEAD').trim()
const clean = { staged: 0, modified: 0, untracked: 0, conflicted: 0 }

describe('captureCode', () => {
  it('tells commit, branch and a clean tree, also from a folder below the root', async () => {
    const root = sandbox.repository()
    const below = join(root, 'src', 'deep')
    mkdirSync(below, { recursive: true })
    const program = sandbox.write('project/src/train.js')
    sandbox.git(root, 'add', '.')
    sandbox.git(root, 'commit', '--quiet', '--message', 'two')
    const code = await codeOf(below, { program })
    expect(code).toEqual({
      state: 'captured',
      source: 'git',
      commit: head(root),
      branch: 'main',
      shallow: false,
      dirty: false,
      changes: clean,
      entryPoint: 'src/train.js'
    })
  })

  it('counts what differs, by kind', async () => {
    const root = sandbox.repository()
    for (const name of ['b', 'c', 'd']) sandbox.write(`project/${name}`, name)
    sandbox.git(root, 'add', '.')
    sandbox.git(root, 'commit', '--quiet', '--message', 'two')
    sandbox.write('project/b', 'changed')
    sandbox.write('project/c', 'staged')
    sandbox.git(root, 'add', 'c')
    sandbox.write('project/c', 'staged and changed')
    sandbox.git(root, 'rm', '--quiet', 'd')
    sandbox.write('project/new folder/one', '1')
    sandbox.write('project/new folder/two\nlines', '2')
    sandbox.write('project/ignored/x', 'x')
    sandbox.write('project/.gitignore', 'ignored\n*.tmp\n')
    sandbox.write('project/new folder/x.tmp', 'x')
    expect(await codeOf(root)).toMatchObject({ dirty: true, changes: { staged: 2, modified: 2, untracked: 3, conflicted: 0 } })
  })

  it('counts conflicts', async () => {
    const root = sandbox.repository()
    sandbox.git(root, 'checkout', '--quiet', '-b', 'other')
    sandbox.write('project/file.txt', 'other\n')
    sandbox.git(root, 'commit', '--quiet', '--all', '--message', 'other')
    sandbox.git(root, 'checkout', '--quiet', 'main')
    sandbox.write('project/file.txt', 'main\n')
    sandbox.git(root, 'commit', '--quiet', '--all', '--message', 'main')
    expect(() => sandbox.git(root, 'merge', 'other')).toThrow()
    expect(await codeOf(root)).toMatchObject({ dirty: true, changes: { ...clean, conflicted: 1 } })
  })

  it('tells two dirty trees apart by a digest, that only content changes', async () => {
    const root = sandbox.repository()
    const digestWith = async (change: () => void): Promise<string | undefined> => {
      change()
      return (await codeOf(root)).diffDigest
    }
    const none = await digestWith(() => undefined)
    const modified = await digestWith(() => sandbox.write('project/file.txt', 'two\n'))
    const again = await digestWith(() => sandbox.write('project/file.txt', 'two\n'))
    const other = await digestWith(() => sandbox.write('project/file.txt', 'six\n'))
    const withUntracked = await digestWith(() => sandbox.write('project/folder/new', 'a'))
    const withOtherUntracked = await digestWith(() => sandbox.write('project/folder/new', 'b'))
    expect(none).toBeUndefined()
    expect(again).toBe(modified)
    const all = [modified, other, withUntracked, withOtherUntracked]
    expect(new Set(all).size).toBe(4)
    for (const digest of all) expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  it('gives the same digest for the same difference in another clone', async () => {
    const root = sandbox.repository()
    const clone = join(sandbox.folder, 'clone')
    sandbox.git(sandbox.folder, 'clone', '--quiet', root, clone)
    for (const folder of ['project', 'clone']) {
      sandbox.write(`${folder}/file.txt`, 'two\n')
      sandbox.write(`${folder}/ä/new`, 'x')
    }
    const [one, other] = [await codeOf(root), await codeOf(clone)]
    expect(one.diffDigest).toBeDefined()
    expect(other.diffDigest).toBe(one.diffDigest)
  })

  it('hashes the text of a symbolic link, not what it points to', async () => {
    const root = sandbox.repository()
    const target = sandbox.write('target', 'one')
    symlinkSync(target, join(root, 'link'))
    const before = await codeOf(root)
    sandbox.write('target', 'another')
    expect((await codeOf(root)).diffDigest).toBe(before.diffDigest)
  })

  it('does not wait for a FIFO in the tree', async () => {
    const root = sandbox.repository()
    const { execFileSync } = await import('node:child_process')
    execFileSync('mkfifo', [join(root, 'pipe')])
    sandbox.write('project/new', 'x')
    expect(await codeOf(root)).toMatchObject({ dirty: true })
  })

  it('says why there is no digest when too much differs', async () => {
    const root = sandbox.repository()
    writeFileSync(join(root, 'weights.bin'), Buffer.alloc(65 * 1024 * 1024))
    const code = await codeOf(root)
    expect(code).toMatchObject({ dirty: true, diffUnavailable: 'more than 67108864 bytes differ' })
    expect(code.diffDigest).toBeUndefined()
  })

  it('knows a repository without a commit, a detached HEAD, packed refs', async () => {
    const empty = join(sandbox.folder, 'empty')
    mkdirSync(empty)
    sandbox.git(empty, 'init', '--quiet')
    expect(await codeOf(empty)).toMatchObject({ commit: undefined, branch: 'main', dirty: false })

    const root = sandbox.repository()
    sandbox.git(root, 'checkout', '--quiet', '-b', 'feature/ä')
    sandbox.git(root, 'pack-refs', '--all')
    expect(await codeOf(root)).toMatchObject({ commit: head(root), branch: 'feature/ä' })
    expect(await codeOf(root, { variables: { PATH: '' } })).toMatchObject({ commit: head(root), branch: 'feature/ä' })
    sandbox.git(root, 'checkout', '--quiet', '--detach')
    expect(await codeOf(root)).toMatchObject({ commit: head(root), branch: undefined })
  })

  it('gives the highest tag at the commit, light or annotated, loose or packed', async () => {
    const root = sandbox.repository()
    expect(await codeOf(root)).toMatchObject({ tag: undefined })
    sandbox.git(root, 'tag', 'v1.9.0')
    sandbox.git(root, 'tag', '--annotate', 'v1.10.0', '--message', 'x')
    expect(await codeOf(root)).toMatchObject({ tag: 'v1.10.0' })
    sandbox.git(root, 'pack-refs', '--all')
    expect(await codeOf(root)).toMatchObject({ tag: 'v1.10.0' })
    sandbox.git(root, 'commit', '--quiet', '--allow-empty', '--message', 'two')
    expect(await codeOf(root)).toMatchObject({ tag: undefined })
  })

  it('gives the remote that the branch follows, else origin, else the only one', async () => {
    const root = sandbox.repository()
    sandbox.git(root, 'remote', 'add', 'only', 'https://example.org/only.git')
    expect(await codeOf(root)).toMatchObject({ remote: 'https://example.org/only.git' })
    sandbox.git(root, 'remote', 'add', 'origin', 'https://example.org/origin.git')
    expect(await codeOf(root)).toMatchObject({ remote: 'https://example.org/origin.git' })
    sandbox.git(root, 'config', 'branch.main.remote', 'only')
    expect(await codeOf(root)).toMatchObject({ remote: 'https://example.org/only.git' })
  })

  it('knows linked working trees, submodules, shallow clones and bare repositories', async () => {
    const root = sandbox.repository()
    sandbox.git(root, 'commit', '--quiet', '--allow-empty', '--message', 'two')
    const linked = join(sandbox.folder, 'linked')
    sandbox.git(root, 'worktree', 'add', '--quiet', '-b', 'side', linked)
    sandbox.write('linked/new', 'x')
    expect(await codeOf(linked)).toMatchObject({ commit: head(root), branch: 'side', changes: { ...clean, untracked: 1 } })
    expect(await codeOf(linked, { variables: { PATH: '' } })).toMatchObject({ commit: head(root), branch: 'side' })
    expect(await codeOf(root)).toMatchObject({ branch: 'main', dirty: false })

    sandbox.git(root, 'submodule', '--quiet', 'add', sandbox.repository('origin'), 'sub')
    sandbox.git(root, 'commit', '--quiet', '--message', 'sub')
    expect(await codeOf(join(root, 'sub'))).toMatchObject({ commit: head(join(root, 'sub')), dirty: false })
    expect(await codeOf(root)).toMatchObject({ dirty: false })
    sandbox.write('project/sub/file.txt', 'changed\n')
    const changed = await codeOf(root)
    expect(changed).toMatchObject({ dirty: true, changes: { ...clean, modified: 1 } })
    sandbox.write('project/sub/file.txt', 'changed again\n')
    expect((await codeOf(root)).diffDigest).not.toBe(changed.diffDigest)

    const shallow = join(sandbox.folder, 'shallow')
    sandbox.git(sandbox.folder, 'clone', '--quiet', '--depth=1', `file://${root}`, shallow)
    expect(await codeOf(shallow)).toMatchObject({ shallow: true, commit: head(root) })

    const bare = join(sandbox.folder, 'bare.git')
    sandbox.git(sandbox.folder, 'clone', '--quiet', '--bare', root, bare)
    const code = await codeOf(bare)
    expect(code).toMatchObject({ commit: head(root), branch: 'main', gitUnavailable: undefined })
    expect(code.dirty).toBeUndefined()
  })

  it('leaves out a program outside of the repository or from a dependency', async () => {
    const root = sandbox.repository()
    for (const program of [sandbox.write('outside.js'), sandbox.write('project/node_modules/.bin/run'), join(root, 'gone', '..', '..')]) {
      expect((await codeOf(root, { program })).entryPoint).toBeUndefined()
    }
  })

  it('writes nothing into the repository', async () => {
    const root = sandbox.repository()
    const index = (): string => sandbox.git(root, 'hash-object', '--no-filters', '.git/index')
    const before = index()
    sandbox.write('project/file.txt', 'one\n')
    await codeOf(root)
    expect(index()).toBe(before)
  })
})

describe('captureCode without an answer from git', () => {
  const commit = 'ABCDEF0123456789abcdef0123456789abcdef01'

  it('knows commit and branch by files where git is not installed or takes too long', async () => {
    const root = sandbox.repository()
    const code = await codeOf(root, { variables: { PATH: '' } })
    expect(code).toMatchObject({ source: 'git', commit: head(root), branch: 'main', gitUnavailable: 'git is not installed' })
    expect(code.dirty).toBeUndefined()
  })

  it('is unavailable for a repository of another owner, unless a CI system knows the commit', async () => {
    const root = sandbox.repository()
    const real = sandbox.variables.PATH ?? ''
    const folder = join(sandbox.folder, 'bin')
    chmodSync(sandbox.write('bin/git', `#!/bin/sh\nexport PATH='${real}' GIT_TEST_ASSUME_DIFFERENT_OWNER=1\nexec git "$@"\n`), 0o755)
    const directory = { directory: root }
    const refused = await captureCode(probeOf(sandbox, { PATH: folder }), directory)
    expect(refused).toMatchObject({ state: 'unavailable', reason: expect.stringContaining('dubious ownership') as string })
    const inCi = await captureCode(probeOf(sandbox, { PATH: folder, GITHUB_ACTIONS: 'true', GITHUB_SHA: commit }), directory)
    expect(inCi).toMatchObject({ source: 'ci', commit: commit.toLowerCase() })
  })

  it('keeps the commit when the index is damaged', async () => {
    const root = sandbox.repository()
    const commitBefore = head(root)
    sandbox.write('project/.git/index', 'nonsense')
    const code = await codeOf(root)
    expect(code).toMatchObject({ commit: commitBefore, gitUnavailable: expect.stringMatching(/index|exit code/) as string })
    expect(code.dirty).toBeUndefined()
  })

  it.each([
    ['GITHUB_SHA', { GITHUB_ACTIONS: 'true', GITHUB_REF: 'refs/heads/main' }, { branch: 'main' }],
    ['GITHUB_SHA', { GITHUB_ACTIONS: 'true', GITHUB_REF: 'refs/tags/v1' }, { tag: 'v1', branch: undefined }],
    ['CI_COMMIT_SHA', { GITLAB_CI: 'true', CI_COMMIT_BRANCH: 'main' }, { branch: 'main' }],
    ['BITBUCKET_COMMIT', { BITBUCKET_BUILD_NUMBER: '7' }, {}],
    ['CIRCLE_SHA1', { CIRCLECI: 'true' }, {}],
    ['BUILD_SOURCEVERSION', { TF_BUILD: 'True', BUILD_SOURCEBRANCH: 'refs/heads/a/b' }, { branch: 'a/b' }],
    ['GIT_COMMIT', { JENKINS_URL: 'https://ci.example.org' }, {}],
    ['VERCEL_GIT_COMMIT_SHA', { VERCEL: '1' }, {}],
    ['DRONE_COMMIT_SHA', { DRONE: 'true' }, {}],
    ['BUILDKITE_COMMIT', { BUILDKITE: 'true' }, {}],
    ['GITHUB_SHA', {}, {}]
  ])('takes %s of a CI system where there is no repository: %o', async (variable, variables, expected) => {
    const code = await codeOf(sandbox.folder, { variables: { ...variables, [variable]: commit } })
    expect(code).toMatchObject({ source: 'ci', commit: commit.toLowerCase(), ...expected })
    expect(code.dirty).toBeUndefined()
  })

  it.each(['', 'main', 'HEAD', commit.slice(1), `${commit}\n$(touch x)`])('does not take %j for a commit', async (value) => {
    const probe = probeOf(sandbox, { GITHUB_ACTIONS: 'true', GITHUB_SHA: value })
    expect(await captureCode(probe, { directory: sandbox.folder })).toEqual({ state: 'unavailable', reason: 'not in a git repository' })
  })
})
