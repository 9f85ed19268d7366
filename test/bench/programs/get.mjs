// Loads bench@latest from the registry argv[2] with the cache argv[3].
import { openRegistry } from 'stemma'

const registry = await openRegistry(process.argv[2], { cache: process.argv[3] })
const model = await registry.getModel('bench')
await registry.close()
console.log(`${model.source}\npeak-kib ${process.resourceUsage().maxRSS}`)
