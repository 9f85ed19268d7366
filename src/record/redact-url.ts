import { createHash } from 'node:crypto'

/**
 * The address of a repository or file without what may be secret in it: user, password, query and fragment are left out. The short
 * form of git, `user@host:path`, becomes `host:path`. What cannot be read as an address becomes `sha256:` and the first 16 hex
 * digits of its digest, so that equal ones can still be told.
 *
 * @example
 * ```ts
 * redactUrl('https://token@github.com/org/repo.git?x=1') // 'https://github.com/org/repo.git'
 * ```
 */
export function redactUrl(text: string): string {
  const address = text.trim()
  return redactWebAddress(address) ?? redactScpAddress(address) ?? `sha256:${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
}

function redactWebAddress(address: string): string | undefined {
  // Special schemes are also read without "//" by WHATWG; then what looks like a path may be a user with a password.
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(address) || /[\s\\]/.test(address)) return undefined
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (!url) return undefined
  url.username = ''
  url.password = ''
  url.search = ''
  url.hash = ''
  // A scheme without a host keeps a user that cannot be taken out.
  return /^[a-z0-9+.-]+:\/\/[^/]*@/i.test(url.href) ? undefined : url.href
}

function redactScpAddress(address: string): string | undefined {
  const match = /^(?:[^/\s]*@)?([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])|\[[0-9a-fA-F:.]+\]):(?!\/\/)([^\s\\?#:@]+)(?:[?#].*)?$/.exec(
    address
  )
  return match ? `${match[1] ?? ''}:${match[2] ?? ''}` : undefined
}
