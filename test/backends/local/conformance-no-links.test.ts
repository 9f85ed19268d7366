import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openLocalBackend } from '../../../src/backends/local/open-local.js'
import { nodeStoreFs } from '../../../src/io/node-store-fs.js'
import { runConformance } from '../conformance/run-conformance.js'
import { systemError } from '../fault-fs.js'

const folders: string[] = []

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

/** The machine's file system as exFAT has it, and a network one: no second names, and no word that is believed. */
const fs = { ...nodeStoreFs, link: (_: string, to: string) => Promise.reject(systemError('EPERM', 'link', to)), isLocal: () => false }

runConformance('local without hard links', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stemma-no-links-'))
  folders.push(folder)
  return openLocalBackend({ root: join(folder, 'store'), fs })
})
