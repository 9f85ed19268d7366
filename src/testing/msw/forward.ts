import http from 'node:http'
import { Readable, type Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** What concerns one connection only, and so is not passed on to another one. */
const OF_CONNECTION = new Set(['connection', 'keep-alive', 'expect', 'host', 'transfer-encoding'])
/** Statuses of replies that have no body. */
const WITHOUT_BODY = new Set([204, 205, 304])

/**
 * Sends a request over a connection, and gives the reply as soon as its headers are there: bodies flow both ways, piece by piece.
 *
 * @param path the path and query to ask for
 */
export async function forward(request: Request, path: string, connection: Duplex): Promise<Response> {
  const outgoing = plainRequest({
    method: request.method,
    path,
    headers: { ...passedOn(request.headers), host: new URL(request.url).host },
    createConnection: () => connection
  })
  const cut = (): void => {
    outgoing.destroy()
  }
  request.signal.addEventListener('abort', cut, { once: true })
  const replied = new Promise<http.IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve)
    outgoing.on('error', reject)
  })
  // A server may answer before it has read all, and close: the reply counts.
  if (request.body) void pipeline(Readable.fromWeb(request.body), outgoing).catch(() => undefined)
  else outgoing.end()
  const incoming = await replied
  const { statusCode: status = 500, statusMessage: statusText = '' } = incoming
  const headers = headersOf(incoming.rawHeaders)
  if (request.method === 'HEAD' || WITHOUT_BODY.has(status)) {
    incoming.resume()
    return new Response(null, { status, statusText, headers })
  }
  return new Response(Readable.toWeb(incoming), { status, statusText, headers })
}

function passedOn(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => !OF_CONNECTION.has(name)))
}

/** @param raw names and values in turn */
function headersOf(raw: readonly string[]): Headers {
  const headers = new Headers()
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? ''
    if (!OF_CONNECTION.has(name.toLowerCase())) headers.append(name, raw[index + 1] ?? '')
  }
  return headers
}

/** A request that msw does not see: it puts a proxy in the place of Node's class, behind which the class itself is. */
function plainRequest(options: http.RequestOptions): http.ClientRequest {
  const made: unknown = Reflect.construct(http.ClientRequest.prototype.constructor, [options])
  if (made instanceof http.ClientRequest) return made
  throw new TypeError('the HTTP client of Node was replaced')
}
