// Searches the registry argv[2]: once cold, then warm in the same process. Prints milliseconds since the start of the process.
import { openRegistry } from 'stemma'

const query = { where: "metrics.auc >= 0.9 and tags.site = 'berlin' and not stage = 'archived'", orderBy: 'metrics.auc desc', limit: 20 }
const registry = await openRegistry(process.argv[2])

async function search() {
  const found = []
  for await (const version of registry.search(query)) found.push(`${version.name}@${version.version}`)
  return found
}

const first = await search()
const coldMs = performance.now()
const times = []
for (let round = 0; round < 11; round++) {
  const begin = performance.now()
  const again = await search()
  times.push(performance.now() - begin)
  if (again.join() !== first.join()) throw new Error('a warm search gave another result than the cold one')
}
times.sort((a, b) => a - b)
console.log(JSON.stringify({ found: first.length, coldMs, warmMs: times[5] }))
console.log(`peak-kib ${process.resourceUsage().maxRSS}`)
await registry.close()
