// Logs the folder or file argv[3] into the registry argv[2] with the cache argv[4]; without capture. Prints the time of logModel alone.
import { openRegistry } from 'stemma'

const registry = await openRegistry(process.argv[2], { cache: process.argv[4] })
const begin = performance.now()
const version = await registry.logModel({ name: 'bench', artifacts: process.argv[3], capture: false })
const tookMs = performance.now() - begin
await registry.close()
console.log(`${version.version}\ntook-ms ${tookMs}\npeak-kib ${process.resourceUsage().maxRSS}`)
