import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConformanceFiles } from './conformance-case.js'

/** Files on this machine's disk. */
export function diskFiles(): ConformanceFiles & AsyncDisposable {
  const folders: string[] = []
  return {
    make: (backend, bytes) => {
      const folder = mkdtempSync(join(tmpdir(), 'stemma-owned-'))
      folders.push(folder)
      const path = join(backend.uploadFolder ?? folder, `owned-${folders.length}`)
      writeFileSync(path, bytes, { flag: 'wx', mode: 0o444 })
      return Promise.resolve(path)
    },
    exists: existsSync,
    async [Symbol.asyncDispose]() {
      for (const folder of folders) await rm(folder, { recursive: true, force: true })
    }
  }
}
