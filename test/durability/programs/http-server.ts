import { systemSources } from '../../../src/util/sources.js'
import { createServer } from '../../../src/server/create-server.js'
import { say } from './lines.js'

/** Serves a store until it is killed. Arguments: the folder of the store, the port. */
const [store = '', port = '0'] = process.argv.slice(2)

async function main(): Promise<void> {
  const server = createServer({ registry: store, port: Number(port), metrics: false, sources: systemSources })
  await server.listen()
  say({ ready: true })
}

void main()
