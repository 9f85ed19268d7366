import type { Backend } from '../../../src/backends/backend.js'
import { openLocalBackend } from '../../../src/backends/local/open-local.js'
import { fixedSources, type FixedSources } from '../../support/fixed-sources.js'
import { createFaultDisk, type Fault } from '../fault-fs.js'

/** A store on a disk in memory that tests can reach into. */
export interface StoreFixture {
  /** Opens the store as a new process. */
  open(): Promise<Backend>
  sources: FixedSources
  /** Exchanges a file of the store, or removes it. */
  replace(file: string, bytes: Uint8Array | string | undefined): Promise<void>
  read(file: string): Promise<Buffer>
  list(folder: string): Promise<string[]>
  /** What happens to the next steps of all processes. */
  plan(fault: ((operation: string) => Fault | undefined) | undefined): void
}

/** The file of an event. */
export function eventFile(model: string, n: number): string {
  return `models/${model}/log/${String(n).padStart(20, '0')}.json`
}

/** Makes a {@link StoreFixture}. */
export function createStoreFixture(): StoreFixture {
  const disk = createFaultDisk()
  const sources = fixedSources()
  let planned: ((operation: string) => Fault | undefined) | undefined
  const now = (): number => sources.now()
  const { fs } = disk.mount({ now })
  return {
    sources,
    open: () => openLocalBackend({ root: '/store', fs: disk.mount({ now, fault: (_, operation) => planned?.(operation) }).fs, sources }),
    async replace(file, bytes) {
      const path = `/store/${file}`
      if (fs.exists(path)) await fs.unlink(path)
      if (bytes !== undefined) await fs.writeNew(path, Buffer.from(bytes), { mode: 0o444, sync: true })
    },
    async read(file) {
      return Buffer.from((await fs.readFile(`/store/${file}`)) ?? '')
    },
    list: (folder) => fs.list(`/store/${folder}`),
    plan(fault) {
      planned = fault
    }
  }
}
