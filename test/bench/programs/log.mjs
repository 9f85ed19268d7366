// Logs the folder or file argv[3] as a model into the registry argv[2] with durability argv[4]; without capture, as cp has none, unless
// argv[5] is `capture`.
import { openRegistry } from 'stemma'

const registry = await openRegistry(process.argv[2], { durability: process.argv[4] })
const version = await registry.logModel({ name: 'bench', artifacts: process.argv[3], capture: process.argv[5] === 'capture' ? {} : false })
await registry.close()
console.log(`${version.digest}\npeak-kib ${process.resourceUsage().maxRSS}`)
