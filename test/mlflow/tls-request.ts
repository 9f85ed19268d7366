import { request } from 'node:https'

/** What a server wants to be spoken to with: PEM texts. */
export interface ServerTls {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** The status that a server answers with, past stemma; `undefined` when it cannot be reached. With a body of JSON it is a POST. */
export function statusOverTls(url: string, tls: ServerTls, body?: unknown): Promise<number | undefined> {
  return new Promise((resolve) => {
    const sent = request(url, { ...tls, agent: false, method: body === undefined ? 'GET' : 'POST', headers: { 'content-type': 'application/json' } }, (reply) => {
      resolve(reply.resume().statusCode)
    })
    sent.once('error', () => {
      resolve(undefined)
    })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
