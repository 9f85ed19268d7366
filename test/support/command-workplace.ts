import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { runStemma, type Ended, type FakeTerminal } from './fake-terminal.js'
import { temporaryFolder } from './test-registry.js'

/** A folder with a model to log, a registry and a cache. */
export interface CommandWorkplace {
  folder: string
  /** Path of a file in the folder. */
  path: (name: string) => string
  /** Runs a command on its registry. Nothing is captured when it logs. */
  run: (...words: string[]) => Promise<Ended>
  /** The same, for what the command gives to programs. */
  json: (...words: string[]) => Promise<unknown[]>
}

/** Makes a folder to run commands in, which is removed when the test is over. */
export function commandWorkplace(target?: string, terminal?: () => FakeTerminal): CommandWorkplace {
  const folder = temporaryFolder()
  const path = (name: string): string => join(folder, name)
  mkdirSync(path('out'))
  writeFileSync(path('out/model.onnx'), 'weights')
  writeFileSync(path('out/labels.txt'), 'ham\nspam\n')
  vi.stubEnv('STEMMA_CACHE', path('cache'))
  vi.stubEnv('STEMMA_OUTBOX', path('outbox'))
  vi.stubEnv('STEMMA_REGISTRY', target ?? path('registry'))
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
  const run = (...words: string[]): Promise<Ended> => runStemma(words[0] === 'log' ? [...words, '--no-capture'] : words, terminal?.())
  return {
    folder,
    path,
    run,
    json: async (...words) => {
      const { out, err } = await run(...words, '--json')
      if (err !== '') throw new Error(err)
      return out
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown)
    }
  }
}
