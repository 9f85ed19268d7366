import type { ServerResponse } from 'node:http'

/** What every reply of the registry has: nothing of it is ever shown as a page, guessed at, framed or kept by a proxy. */
export const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store'
} as const

/** Answers with JSON. */
export function sendJson(outgoing: ServerResponse, status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  sendText(outgoing, status, JSON.stringify(value), { 'content-type': 'application/json', ...headers })
}

/** Answers with a text; `content-type` is that of plain text unless the headers say otherwise. */
export function sendText(outgoing: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  const bytes = Buffer.from(text)
  outgoing.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': bytes.byteLength, ...headers })
  outgoing.end(outgoing.req.method === 'HEAD' ? undefined : bytes)
}

/** Answers without a body. */
export function sendNothing(outgoing: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  outgoing.writeHead(status, headers)
  outgoing.end()
}

/** Cuts the connection when no byte of a reply goes out for a while: its client holds memory, and may do so on purpose. */
export function giveUpWhenStalled(outgoing: ServerResponse, stallTimeoutMs: number): void {
  outgoing.removeAllListeners('timeout')
  outgoing.setTimeout(stallTimeoutMs, () => {
    outgoing.destroy()
  })
}
