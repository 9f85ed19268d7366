// An inference service: `tsx examples/spam/serve.ts [port]`. Loads what is in production, every byte verified, and follows it: when
// the stage moves, the new model is loaded beside the old one and takes its place between two requests. SIGTERM lets requests finish.
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { getModel, watch, type LoadedModel, type ModelVersion } from 'stemma'
import * as z from 'zod'
import { runAsProgram, short } from '../program.js'
import { readFilter } from './files.js'
import { predict, wordsOf, type SpamFilter } from './model.js'

/** A service that runs. */
export interface SpamService {
  url: string
  /** What it serves now. */
  model(): LoadedModel
  /** `serving` each time a version takes over, `failed` when one could not be loaded and the old one stays. */
  events: EventEmitter<{ serving: [ModelVersion]; failed: [unknown] }>
  /** Stops following, lets running requests finish, and resolves when the port is closed. */
  stop(): Promise<void>
}

interface Serving {
  model: LoadedModel
  filter: SpamFilter
  threshold: number
}

/** Starts the service. Port 0 takes a free one. */
export async function startService(port = 0): Promise<SpamService> {
  let serving = await load('spam@production')
  const events: SpamService['events'] = new EventEmitter()
  const stopping = new AbortController()

  // A registry that is away for a while does not end the watch: it looks again by itself.
  const follow = async (): Promise<void> => {
    for await (const version of watch('spam@production', { signal: stopping.signal })) {
      if (version.version === serving.model.version.version) continue
      try {
        serving = await load(`spam@${version.version}`)
        events.emit('serving', serving.model.version)
      } catch (error) {
        events.emit('failed', error)
      }
    }
  }
  const following = follow().catch((error: unknown) => {
    if (!stopping.signal.aborted) events.emit('failed', error)
  })

  const server = createServer((request, response) => {
    answer(request, response, serving).catch((error: unknown) => {
      reply(response, 500, { error: String(error) })
    })
  })
  server.listen(port)
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://localhost:${typeof address === 'object' && address ? address.port : port}`,
    model: () => serving.model,
    events,
    async stop() {
      stopping.abort()
      server.close()
      await Promise.all([once(server, 'close'), following])
    }
  }
}

async function load(reference: string): Promise<Serving> {
  // A service that restarts while the registry is away starts from its cache, and says so: `stale`.
  const model = await getModel(reference, { fallback: 'last-known-good' })
  return { model, ...(await readFilter(model)) }
}

async function answer(request: IncomingMessage, response: ServerResponse, { model, filter, threshold }: Serving): Promise<void> {
  const route = `${request.method} ${request.url}`
  if (route === 'GET /model') {
    const { version, source, stale, environmentDifferences } = model
    const { name, digest, createdAt, metrics } = version
    reply(response, 200, { name, version: version.version, digest, createdAt, metrics, source, stale, environmentDifferences })
  } else if (route === 'POST /predict') {
    const mail = mailSchema.safeParse(parseJson(await text(request)))
    if (mail.success) {
      const probability = predict(filter, wordsOf(mail.data.text))
      reply(response, 200, { spam: probability >= threshold, probability, model: `${model.version.name}@${model.version.version}` })
    } else {
      reply(response, 400, { error: 'send { "text": "…" }' })
    }
  } else {
    reply(response, 404, { error: 'there are GET /model and POST /predict' })
  }
}

const mailSchema = z.object({ text: z.string() })

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}

function inWords({ name, version, digest }: ModelVersion): string {
  return `${name}@${version} (${short(digest)})`
}

await runAsProgram(import.meta.url, async ([port]) => {
  const service = await startService(Number(port ?? 0))
  const { version, environmentDifferences } = service.model()
  console.log(`serving ${inWords(version)} at ${service.url}`)
  for (const { field, a = 'nothing', b = 'nothing' } of environmentDifferences) {
    console.log(`unlike where it was trained: ${field}: ${JSON.stringify(a)} there, ${JSON.stringify(b)} here`)
  }
  service.events.on('serving', (next) => {
    console.log(`serving ${inWords(next)}`)
  })
  service.events.on('failed', (error) => {
    console.error('still serving the version before:', error)
  })
  await once(process, 'SIGTERM')
  await service.stop()
  console.log('stopped')
})
