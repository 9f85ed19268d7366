// Opens the registry in argv[2] and verifies the version argv[3].
import { openRegistry } from 'stemma'

const registry = await openRegistry(process.argv[2])
const report = await registry.verify(process.argv[3])
await registry.close()
if (!report.ok) throw new Error(JSON.stringify(report.problems))
console.log(`${report.bytes} bytes\npeak-kib ${process.resourceUsage().maxRSS}`)
