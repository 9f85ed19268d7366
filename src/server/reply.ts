import type { ServerResponse } from 'node:http'

/** What every reply of the registry has: nothing of it is ever shown as a page, guessed at, framed or kept by a proxy. */
export const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store'
} as const

/** Characters of a text below which it is sent as it is. */
const SHORT_TEXT = 16_384

/** Answers with JSON. */
export function sendJson(outgoing: ServerResponse, status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  sendText(outgoing, status, JSON.stringify(value), { 'content-type': 'application/json', ...headers })
}

/** Answers with a text; `content-type` is that of plain text unless the headers say otherwise. */
export function sendText(outgoing: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  // A short one goes out together with the headers as one text, as node:http does it; a long one would be copied for that.
  const body = text.length < SHORT_TEXT ? text : Buffer.from(text)
  outgoing.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(body), ...headers })
  outgoing.end(outgoing.req.method === 'HEAD' ? undefined : body)
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
