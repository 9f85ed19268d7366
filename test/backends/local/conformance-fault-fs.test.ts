import { openLocalBackend } from '../../../src/backends/local/open-local.js'
import { fixedSources } from '../../support/fixed-sources.js'
import { runConformance } from '../conformance/run-conformance.js'
import { createFaultDisk } from '../fault-fs.js'

// Holds the file system in memory to what the real one does: the model-based tests are worth only as much.
runConformance('local on FaultFs', async () => {
  const sources = fixedSources()
  const fs = createFaultDisk().mount({ now: () => sources.now() }).fs
  // A watcher has no notices here: it looks again whenever it may.
  const polling = { ...fs, waitForChange: async (_: string, { signal }: { signal?: AbortSignal | undefined }) => sources.sleep(1, signal) }
  return openLocalBackend({ root: '/store', fs: polling, sources })
})
