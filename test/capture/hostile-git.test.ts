import { mkdirSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { captureCode } from '../../src/capture/code.js'
import { makeSandbox, probeOf, type Sandbox } from './git-fixture.js'

let sandbox: Sandbox

beforeEach(() => {
  sandbox = makeSandbox()
})
afterEach(() => {
  sandbox.remove()
})

/** So that git cannot trust what it knows of the file, and must read it through its filters. */
function touch(...path: string[]): void {
  utimesSync(join(...path), 1, 1)
}

interface Hostile {
  what: string
  /** Sets the trap. The trap must spring when `provoke` runs: else the test proves nothing. */
  arrange: (root: string, trap: string) => void
  provoke?: string[]
  extra?: (root: string) => Record<string, string>
  /** The tree is not looked at, since that cannot be done safely. */
  refused?: RegExp
}

const attribute = (root: string, filter: string): void => {
  sandbox.write('project/.gitattributes', `* filter=${filter}\n`)
  sandbox.git(root, 'add', '.gitattributes')
  sandbox.git(root, 'commit', '--quiet', '--message', 'attributes')
}
const config = (root: string, ...args: string[]): void => {
  sandbox.git(root, 'config', ...args)
}

const cases: Hostile[] = [
  {
    what: 'core.fsmonitor',
    arrange: (root, trap) => {
      config(root, 'core.fsmonitor', trap)
    }
  },
  {
    what: 'a clean filter',
    arrange: (root, trap) => {
      attribute(root, 'evil')
      config(root, 'filter.evil.clean', trap)
    }
  },
  {
    what: 'a required clean filter',
    arrange: (root, trap) => {
      attribute(root, 'evil')
      config(root, 'filter.evil.clean', trap)
      config(root, 'filter.evil.required', 'true')
    }
  },
  {
    what: 'a process filter',
    arrange: (root, trap) => {
      attribute(root, 'evil')
      config(root, 'filter.evil.process', trap)
    }
  },
  {
    what: 'a filter with dots and spaces in its name',
    arrange: (root, trap) => {
      sandbox.write('project/.gitattributes', '* filter=e.v.clean\n')
      config(root, 'filter.e.v.clean.clean', trap)
    }
  },
  {
    what: 'a filter whose name is not ASCII',
    arrange: (root, trap) => {
      attribute(root, 'böse')
      config(root, 'filter.böse.clean', trap)
    }
  },
  {
    what: 'a filter with an equals sign in its name, which git -c cannot override',
    arrange: (root, trap) => {
      attribute(root, 'a=b')
      config(root, 'filter.a=b.clean', trap)
    },
    refused: /cannot be overridden/
  },
  {
    what: 'a filter from an included file',
    arrange: (root, trap) => {
      attribute(root, 'evil')
      sandbox.write('included', `[filter "evil"]\n  clean = ${trap}\n`)
      config(root, `includeIf.gitdir:${root}/.git.path`, join(sandbox.folder, 'included'))
    }
  },
  {
    what: 'a filter from the configuration of the working tree',
    arrange: (root, trap) => {
      attribute(root, 'evil')
      config(root, 'extensions.worktreeConfig', 'true')
      config(root, '--worktree', 'filter.evil.clean', trap)
    }
  },
  {
    what: 'a filter from the configuration of the user, by attributes outside of the tree',
    arrange: (root, trap) => {
      sandbox.write('project/.git/info/attributes', '* filter=evil\n')
      sandbox.git(root, 'config', '--global', 'filter.evil.clean', trap)
    }
  },
  {
    what: 'a hook that runs when the index is written',
    arrange: (root, trap) => {
      mkdirSync(join(root, 'hooks'))
      sandbox.write('project/hooks/post-index-change', `#!/bin/sh\n${trap} < /dev/null\n`)
      sandbox.git(root, 'update-index', '--chmod=+x', '--add', 'hooks/post-index-change')
      sandbox.git(root, 'checkout-index', '--force', 'hooks/post-index-change')
      config(root, 'core.hooksPath', join(root, 'hooks'))
    }
  },
  {
    what: 'diff.external',
    arrange: (root, trap) => {
      sandbox.write('project/file.txt', 'two\n')
      config(root, 'diff.external', trap)
    },
    provoke: ['diff']
  },
  {
    what: 'textconv',
    arrange: (root, trap) => {
      sandbox.write('project/.gitattributes', '* diff=evil\n')
      sandbox.write('project/file.txt', 'two\n')
      config(root, 'diff.evil.textconv', trap)
    },
    provoke: ['diff']
  },
  {
    what: 'an alias',
    arrange: (root, trap) => {
      for (const name of ['status', 'config', 'for-each-ref', 'ls-files', 'other']) config(root, `alias.${name}`, `!${trap}`)
    },
    provoke: ['other']
  },
  {
    what: 'a filter of a submodule',
    arrange: (root, trap) => {
      const origin = sandbox.repository('origin')
      sandbox.write('origin/.gitattributes', '* filter=evil\n')
      sandbox.git(origin, 'add', '.')
      sandbox.git(origin, 'commit', '--quiet', '--message', 'attributes')
      sandbox.git(root, 'submodule', '--quiet', 'add', origin, 'sub')
      config(join(root, 'sub'), 'filter.evil.clean', trap)
      touch(root, 'sub', 'file.txt')
    }
  },
  {
    what: 'the fsmonitor of a submodule',
    arrange: (root, trap) => {
      sandbox.git(root, 'submodule', '--quiet', 'add', sandbox.repository('origin'), 'sub')
      config(join(root, 'sub'), 'core.fsmonitor', trap)
    }
  },
  {
    what: 'the fetch of an object that was promised',
    arrange: (root, trap) => {
      config(root, 'core.repositoryFormatVersion', '1')
      config(root, 'extensions.partialClone', 'origin')
      config(root, 'remote.origin.promisor', 'true')
      config(root, 'remote.origin.url', 'ssh://example.org/x')
      config(root, 'core.sshCommand', `${trap} < /dev/null; :`)
      const tree = sandbox.git(root, 'rev-parse', 'HEAD^{tree}').trim()
      rmSync(join(root, '.git', 'objects', tree.slice(0, 2), tree.slice(2)))
    },
    refused: /missing|exit code/
  },
  {
    what: 'configuration in variables that a hook inherits',
    arrange: () => undefined,
    provoke: ['status'],
    extra: () => ({ GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'core.fsmonitor', GIT_CONFIG_VALUE_0: sandbox.trap('variables') })
  }
]

describe('a hostile repository', () => {
  it.each(cases)('runs nothing: $what', async ({ what, arrange, provoke, extra, refused }) => {
    const root = sandbox.repository()
    const trap = sandbox.trap('trap')
    arrange(root, trap)
    touch(root, 'file.txt')
    const variables = extra?.(root) ?? {}

    const code = await captureCode(probeOf(sandbox, variables), { directory: root })

    expect(sandbox.sprung()).toEqual([])
    expect(code).toMatchObject({ state: 'captured', commit: sandbox.git(root, 'rev-parse', 'HEAD').trim() })
    if (code.state !== 'captured') throw new Error(what)
    if (refused) expect(code.gitUnavailable).toMatch(refused)
    else expect(code).toMatchObject({ gitUnavailable: undefined, dirty: expect.any(Boolean) as boolean })

    // The trap is real: git itself, asked plainly, springs it.
    touch(root, 'file.txt')
    Object.assign(sandbox.variables, variables)
    try {
      sandbox.git(root, ...(provoke ?? ['status']))
    } catch {
      // What counts is whether it ran.
    }
    expect(sandbox.sprung()).not.toEqual([])
  })

  it('looks at its own tree, not where core.worktree, GIT_DIR or GIT_WORK_TREE point', async () => {
    const root = sandbox.repository()
    const other = sandbox.repository('other')
    sandbox.write('other/secret-plan.txt', 'x')
    const commit = sandbox.git(root, 'rev-parse', 'HEAD').trim()
    config(root, 'core.worktree', other)
    const variables = { GIT_DIR: join(other, '.git'), GIT_WORK_TREE: other, GIT_INDEX_FILE: join(other, '.git', 'index') }
    const code = await captureCode(probeOf(sandbox, variables), { directory: root })
    expect(code).toMatchObject({ commit, dirty: false, gitUnavailable: undefined })
  })

  it('does not take a repository above for the one that is broken', async () => {
    sandbox.repository()
    sandbox.write('project/inner/.git/HEAD', 'ref: refs/heads/main\n')
    const code = await captureCode(probeOf(sandbox), { directory: join(sandbox.folder, 'project', 'inner') })
    expect(code).toMatchObject({ state: 'unavailable', reason: expect.stringContaining('does not accept') as string })
  })

  it('follows no ref out of the repository', async () => {
    const root = sandbox.repository()
    sandbox.write('elsewhere', 'a'.repeat(40))
    sandbox.write('project/.git/HEAD', 'ref: refs/../../../elsewhere\n')
    const probe = probeOf(sandbox, { PATH: '' })
    expect(await captureCode(probe, { directory: root })).toMatchObject({ state: 'unavailable' })
  })
})
