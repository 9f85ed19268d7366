// Serves the folder argv[2] until its input ends. Prints its address, and at the end its peak.
import { once } from 'node:events'
import { createServer } from 'stemma/server'

const server = createServer({ registry: process.argv[2], port: 0 })
console.log(await server.listen())
process.stdin.resume()
await once(process.stdin, 'end')
await server.close()
console.log(`peak-kib ${process.resourceUsage().maxRSS}`)
