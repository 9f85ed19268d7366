import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { temporaryFolder } from './test-registry.js'

/** As much of jq as the page uses, so that machines need not have it. */
const JQ = `#!/usr/bin/env node
const path = process.argv.at(-1).slice(1).split('.')
console.log(path.reduce((value, name) => value[name], JSON.parse(require('node:fs').readFileSync(0, 'utf8'))))
`

/** A project of a user, and a shell in it. */
export interface ShellProject {
  /** Absolute path. */
  folder: string
  environment: NodeJS.ProcessEnv
  shell: (script: string) => SpawnSyncReturns<string>
}

/**
 * A project with a model to log, and a shell that knows `stemma`, also as `npx stemma`.
 *
 * @param command absolute path of the built command line
 */
export function shellProject(command: string): ShellProject {
  const folder = temporaryFolder()
  for (const name of ['out', 'data', 'bin']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}')
  writeFileSync(join(folder, 'out/model.onnx'), 'weights')
  writeFileSync(join(folder, 'out/labels.txt'), 'ham\nspam\n')
  writeFileSync(join(folder, 'data/mails.csv'), 'text,label\nhi,ham\n')
  writeFileSync(join(folder, 'bin/stemma'), `#!/bin/sh\nexec '${process.execPath}' '${command}' "$@"\n`)
  writeFileSync(join(folder, 'bin/npx'), '#!/bin/sh\nexec "$@"\n')
  writeFileSync(join(folder, 'bin/jq'), JQ)
  for (const name of ['stemma', 'npx', 'jq']) chmodSync(join(folder, 'bin', name), 0o755)
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    NO_COLOR: undefined,
    FORCE_COLOR: undefined,
    PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    STEMMA_REGISTRY: '',
    STEMMA_OUTBOX: '',
    STEMMA_ACTOR: '',
    STEMMA_CACHE: join(folder, 'cache'),
    TERM: 'xterm'
  }
  return { folder, environment, shell: (script) => spawnSync('bash', ['-c', script], { cwd: folder, env: environment, encoding: 'utf8' }) }
}
