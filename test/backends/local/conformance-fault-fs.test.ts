import { openLocalBackend } from '../../../src/backends/local/open-local.js'
import { fixedSources, START_MS } from '../../support/fixed-sources.js'
import type { ConformanceFiles } from '../../../src/testing/conformance/conformance-case.js'
import { runConformance } from '../conformance/run-conformance.js'
import { createFaultDisk } from '../fault-fs.js'

// Holds the file system in memory to what the real one does: the model-based tests are worth only as much.
let disk = createFaultDisk()
const files: ConformanceFiles = {
  async make(backend, bytes) {
    const path = `${backend.uploadFolder ?? ''}/owned`
    await disk.mount({ now: () => START_MS }).fs.writeNew(path, bytes, { mode: 0o444, sync: false })
    return path
  },
  exists: (path) => disk.mount({ now: () => START_MS }).fs.exists(path)
}

runConformance('local on FaultFs', async () => {
  const sources = fixedSources()
  disk = createFaultDisk()
  const fs = disk.mount({ now: () => sources.now() }).fs
  // A watcher has no notices here: it looks again whenever it may.
  const polling = { ...fs, waitForChange: async (_: string, { signal }: { signal?: AbortSignal | undefined }) => sources.sleep(1, signal) }
  return openLocalBackend({ root: '/store', fs: polling, sources })
}, {}, files)
