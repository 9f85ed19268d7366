// Loads bench@latest from the registry argv[2] into the cache argv[3].
import { openRegistry } from 'stemma'

const registry = await openRegistry(process.argv[2], { cache: process.argv[3] })
const begin = performance.now()
const { source } = await registry.getModel('bench@latest')
const tookMs = performance.now() - begin
await registry.close()
console.log(`${source}\ntook-ms ${tookMs}\npeak-kib ${process.resourceUsage().maxRSS}`)
