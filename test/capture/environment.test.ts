import { describe, expect, it } from 'vitest'
import { captureEnvironment, type EnvironmentOptions } from '../../src/capture/environment.js'
import type { CapturedFile } from '../../src/capture/environment-files.js'
import type { Environment } from '../../src/schemas/captured.js'
import { fakeProbe, type FakeMachine } from './fake-probe.js'

const options: EnvironmentOptions = {
  projectRoot: '/project',
  runtime: { name: 'node', version: '20.20.2', abi: '115', v8: '11.3' },
  os: { platform: 'linux', release: '6.1.0', arch: 'x64', version: '#1 SMP' },
  files: true
}
const packageJson = (content: object): Record<string, string> => ({ '/project/package.json': JSON.stringify(content) })
const installed = (path: string, version: string): Record<string, string> => ({ [`${path}/package.json`]: JSON.stringify({ version }) })

async function capture(machine: FakeMachine, more: Partial<EnvironmentOptions> = {}): Promise<Environment & { stored: CapturedFile[] }> {
  const { environment, files } = await captureEnvironment(fakeProbe(machine), { ...options, ...more })
  return { ...environment, stored: files }
}

describe('captureEnvironment', () => {
  it('works without a package.json', async () => {
    expect(await capture({})).toMatchObject({
      state: 'captured',
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      runtime: options.runtime,
      os: { platform: 'linux', release: '6.1.0', arch: 'x64' },
      dependencies: undefined,
      stored: []
    })
  })

  it('gives installed versions of direct dependencies of all kinds, hoisted ones too, and never what was asked for', async () => {
    const environment = await capture({
      files: {
        ...packageJson({
          dependencies: { zod: '^4.0.0', '@scope/a': 'git+https://user:token@example.org/a.git', missing: '1', '../../etc': '1' },
          devDependencies: { vitest: 'latest' },
          optionalDependencies: { odd: '*' }
        }),
        ...installed('/project/node_modules/zod', '4.6.7'),
        ...installed('/project/node_modules/@scope/a', '1.0.0-rc.1'),
        ...installed('/node_modules/zod', '3.0.0'),
        ...installed('/node_modules/vitest', '4.1.12'),
        ...installed('/project/node_modules/odd', 'https://user:token@example.org'),
        ...installed('/etc', '9.9.9')
      }
    })
    expect(environment.dependencies).toEqual({ '@scope/a': '1.0.0-rc.1', vitest: '4.1.12', zod: '4.6.7' })
    expect(JSON.stringify(environment)).not.toContain('token')
  })

  it.each([
    ['Debian', { '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n', '/usr/bin/ldd': "echo 'ldd (Debian GLIBC 2.36-9+deb12u14) 2.36'" }, 'Debian GNU/Linux 12 (bookworm)', 'glibc 2.36'],
    ['Fedora', { '/etc/os-release': "PRETTY_NAME='Fedora Linux 40'\n", '/usr/bin/ldd': "echo 'ldd (GNU libc) 2.39'" }, 'Fedora Linux 40', 'glibc 2.39'],
    ['Alpine', { '/usr/lib/os-release': 'ID=alpine\n', '/usr/bin/ldd': '#!/bin/sh\nexec /lib/ld-musl-x86_64.so.1 --list -- "$@"\n' }, 'alpine', 'musl'],
    ['a bare image', { '/lib/ld-musl-aarch64.so.1': '' }, undefined, 'musl']
  ])('knows %s', async (_, files, distribution, libc) => {
    const { os } = await capture({ files: { ...files } })
    expect([os.distribution, os.libc]).toEqual([distribution, libc])
  })

  it.each<[string, FakeMachine, string | undefined]>([
    ['docker by its mark', { files: { '/.dockerenv': '' } }, 'docker'],
    ['podman', { files: { '/run/.containerenv': '' } }, 'podman'],
    ['kubernetes', { variables: { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, files: { '/.dockerenv': '' } }, 'kubernetes'],
    ['docker by its group', { files: { '/proc/self/cgroup': '4:memory:/docker/0123\n' } }, 'docker'],
    ['no container', { files: { '/proc/self/cgroup': '0::/user.slice\n' } }, undefined]
  ])('tells %s', async (_, machine, expected) => {
    expect((await capture(machine)).container).toBe(expected)
  })

  it.each<[string, FakeMachine, object | undefined]>([
    ['npm that runs it', { variables: { npm_config_user_agent: 'npm/10.8.2 node/v20.20.2 linux x64 workspaces/false' } }, { name: 'npm', version: '10.8.2' }],
    ['pnpm that package.json names', { files: packageJson({ packageManager: 'pnpm@9.1.0+sha512.abc' }) }, { name: 'pnpm', version: '9.1.0' }],
    ['yarn by its lockfile', { files: { '/project/yarn.lock': '' } }, { name: 'yarn' }],
    ['none', { variables: { npm_config_user_agent: 'https://user:token@example.org' } }, undefined]
  ])('tells %s', async (_, machine, expected) => {
    expect((await capture(machine)).packageManager).toEqual(expected)
  })

  it('finds the lockfile of a workspace above, but not above the repository', async () => {
    const above = await capture({ files: { ...packageJson({}), '/package-lock.json': '{}' } })
    expect(above.lockfile).toEqual({ path: 'package-lock.json', digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a' })
    expect(above.stored.map((file) => file.absolutePath)).toEqual(['/project/package.json', '/package-lock.json'])
    const foreign = await capture({ files: { ...packageJson({}), '/project/.git/HEAD': '', '/package-lock.json': '{}' } })
    expect(foreign.lockfile).toBeUndefined()
  })

  it('names the files to be stored, and holds back those with a secret in them', async () => {
    const files = {
      '/project/package.json': '{ "repository": "git+ssh://git@github.com/org/repo.git" }',
      '/project/package-lock.json': '{"integrity":"sha512-Zt5mzGbF2Qk0vJYpX7a1yB9cU3dW8eR6fT4gH2iJ0kLmN5oP7qRsTuVwXyZaBcDeFgHiJkLmNoPqRsTuVwXyZw=="}',
      '/project/requirements.txt': '--extra-index-url https://build:s3cr3tpassword@pypi.example.org/simple\nnumpy==2.0\n',
      '/project/conda.yaml': 'dependencies: [python=3.12]\n'
    }
    const environment = await capture({ files })
    expect(environment.stored).toEqual([
      { path: 'package.json', absolutePath: '/project/package.json', sizeBytes: files['/project/package.json'].length },
      { path: 'conda.yaml', absolutePath: '/project/conda.yaml', sizeBytes: files['/project/conda.yaml'].length },
      { path: 'package-lock.json', absolutePath: '/project/package-lock.json', sizeBytes: files['/project/package-lock.json'].length }
    ])
    expect(environment.filesOmitted).toEqual([{ path: 'requirements.txt', reason: expect.stringContaining('secret') as string }])
    expect((await capture({ files }, { files: false })).stored).toEqual([])
    const long = await capture({ files: { '/project/package.json': `{ "x": "${'a.'.repeat(1_000_000)}" }` } })
    expect(long.filesOmitted).toEqual([{ path: 'package.json', reason: expect.stringContaining('too long') as string }])
  })

  it('takes allow-listed variables and no others', async () => {
    const { variables } = await capture({
      variables: {
        CUDA_VISIBLE_DEVICES: '0,1',
        NODE_ENV: 'production',
        OMP_NUM_THREADS: '',
        TF_VAR_db_password: 'hunter2',
        TF_TOKEN_app_terraform_io: 'abc',
        XLA_FLAGS: 'x'.repeat(257),
        AWS_SECRET_ACCESS_KEY: 'abc',
        HOME: '/users/user'
      }
    })
    expect(variables).toEqual({ CUDA_VISIBLE_DEVICES: '0,1', NODE_ENV: 'production' })
  })

  it('tells the run of a CI system', async () => {
    const github = { GITHUB_ACTIONS: 'true', GITHUB_RUN_ID: '42', GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'org/repo' }
    expect((await capture({ variables: github })).ci).toEqual({ provider: 'github-actions', runId: '42', runUrl: 'https://github.com/org/repo/actions/runs/42' })
    const jenkins = { JENKINS_URL: 'https://ci', BUILD_ID: '7', BUILD_URL: 'https://alice:pw@ci.example.org/job/7/?token=abc' }
    expect((await capture({ variables: jenkins })).ci).toEqual({ provider: 'jenkins', runId: '7', runUrl: 'https://ci.example.org/job/7/' })
    expect((await capture({ variables: { CI: 'true' } })).ci).toMatchObject({ provider: 'unknown' })
    expect((await capture({ variables: { CI: 'false' } })).ci).toBeUndefined()
  })

  it('gives equal environments one digest, whoever runs them and wherever', async () => {
    const machine = (variables: Record<string, string>): FakeMachine => ({ variables, files: { ...packageJson({}), '/project/yarn.lock': 'a' } })
    const one = await capture(machine({ NODE_ENV: 'test' }))
    const same = await capture(machine({ NODE_ENV: 'test', CI: 'true', npm_config_user_agent: 'npm/10.0.0 x' }), { user: 'alice', host: 'h', files: false })
    const other = await capture(machine({ NODE_ENV: 'production' }))
    expect(same.digest).toBe(one.digest)
    expect(other.digest).not.toBe(one.digest)
  })
})
