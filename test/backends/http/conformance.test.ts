import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openLocalBackend } from '../../../src/backends/local/open-local.js'
import { createMemoryBackend } from '../../../src/backends/memory/create-memory-backend.js'
import { runConformance } from '../conformance/run-conformance.js'
import { servedBackend } from './served-backend.js'

const folders: string[] = []

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

runConformance('http over memory', () => servedBackend(createMemoryBackend({})), { durable: false, localFiles: false })

runConformance(
  'http over local',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stemma-conformance-'))
    folders.push(folder)
    return servedBackend(await openLocalBackend({ root: join(folder, 'store'), durable: false }))
  },
  { durable: false, localFiles: false }
)
