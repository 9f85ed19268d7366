import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openLocalBackend } from '../../../src/backends/local/open-local.js'
import { runConformance } from '../conformance/run-conformance.js'

const folders: string[] = []

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

runConformance('local', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stemma-conformance-'))
  folders.push(folder)
  return openLocalBackend({ root: join(folder, 'store') })
})
