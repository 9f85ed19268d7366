// argv[3] services load a model at once from the registry argv[2], each with a connection of its own, from the warm cache argv[4].
import { openRegistry } from 'stemma'

const [, , target, services, cache] = process.argv
const warm = await openRegistry(target, { cache })
await warm.logModel({ name: 'served', artifacts: { 'w.bin': Buffer.alloc(1_000_000, 7), 'vocab.txt': 'a' }, capture: false })
await warm.transitionStage('served@latest', 'production')
await warm.getModel('served@production')
await warm.close()
const begin = performance.now()
const took = await Promise.all(
  Array.from({ length: Number(services) }, async () => {
    const registry = await openRegistry(target, { cache })
    const { source, stale } = await registry.getModel('served@production', { fallback: 'last-known-good' })
    if (source !== 'cache' || stale) throw new Error(`came from ${source}, stale: ${stale}`)
    const tookMs = performance.now() - begin
    await registry.close()
    return tookMs
  })
)
console.log(`took-ms ${Math.max(...took)}\npeak-kib ${process.resourceUsage().maxRSS}`)
