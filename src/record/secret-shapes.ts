import { entropyOf, isNaturalPart } from './natural-text.js'

/** `hints`: texts of which a match has one. Looking for them costs little; a pattern is compiled when it is first used. */
const SHAPES: readonly { why: string; hints: readonly string[]; pattern: RegExp }[] = [
  { why: 'a private key in PEM form', hints: ['-----BEGIN'], pattern: /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/ },
  {
    why: 'a GitHub token',
    hints: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'],
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})/
  },
  { why: 'a GitLab token', hints: ['gl'], pattern: /\bgl(?:pat|dt|rt|cbt|ptt|ft|soat)-[A-Za-z0-9_-]{16,}/ },
  {
    why: 'a Slack token',
    hints: ['xox', 'hooks.slack.com'],
    pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bhooks\.slack\.com\/services\/[A-Za-z0-9/]{20,}/
  },
  { why: 'an AWS access key', hints: ['AKIA', 'ASIA'], pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/ },
  { why: 'a Google API key', hints: ['AIza'], pattern: /\bAIza[A-Za-z0-9_-]{30,}/ },
  { why: 'a Google OAuth token', hints: ['ya29.', 'GOCSPX-'], pattern: /\bya29\.[A-Za-z0-9_-]{20,}|\bGOCSPX-[A-Za-z0-9_-]{20,}/ },
  { why: 'a Stripe key', hints: ['_live_', '_test_'], pattern: /\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}/ },
  { why: 'a Hugging Face token', hints: ['hf_', 'api_org_'], pattern: /\b(?:hf|api_org)_[A-Za-z0-9]{28,}/ },
  { why: 'a token of a stemma server', hints: ['stemma_'], pattern: /\bstemma_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/ },
  { why: 'an npm token', hints: ['npm_'], pattern: /\bnpm_[A-Za-z0-9]{30,}/ },
  { why: 'a PyPI token', hints: ['pypi-AgE'], pattern: /\bpypi-AgE[A-Za-z0-9_-]{20,}/ },
  { why: 'a JSON Web Token', hints: ['eyJ'], pattern: /\beyJ[A-Za-z0-9_-]{8,2048}\.eyJ[A-Za-z0-9_-]{8,}/ },
  { why: 'an account key of Azure', hints: ['Key=', 'Signature='], pattern: /\b(?:AccountKey|SharedAccessKey|SharedAccessSignature)=[^;\s]{16,}/ }
]

/** A scheme, white space, and at least 16 characters. */
const AUTHORIZATION = /\b(?:bearer|basic)\s+(?=[A-Za-z0-9+/._~-]{0,64}[0-9])[A-Za-z0-9+/._~-]{16,}={0,2}/i
const WHITE_SPACE = /\s/

const SK_KEY = /\bsk-[A-Za-z0-9_-]{20,256}/g
const USER_INFO = /\b([a-z][a-z0-9+.-]{0,31}):\/\/([^\s/?#@:]{0,1024})(?::([^\s/?#@]{0,1024}))?@/gi
const QUERY_KEYS = [
  'x-amz-(?:signature|credential|security-token)',
  'x-goog-(?:signature|credential)',
  'awsaccesskeyid',
  'sig(?:nature)?',
  '(?:access_|auth_|id_|refresh_|private_)?token',
  '(?:api_?)?key',
  '(?:client_)?secret',
  'password|passwd|pwd'
]
const SIGNED_QUERY = new RegExp(`[?&;](?:${QUERY_KEYS.join('|')})=([^&#\\s]{8,})`, 'gi')
/** What stands for a secret instead of being one: `***`, `<token>`, `${TOKEN}`, `$TOKEN`, `{{ token }}`, `%TOKEN%`, `REDACTED`. */
const PLACEHOLDER =
  /^(?:[*x.…•-]+|<[^<>]*>|\$\{[^}]*\}|\$[A-Za-z_]\w*|\{\{[^}]*\}\}|\{[^}]*\}|%\w+%|\[?(?:redacted|filtered|hidden|masked|removed)\]?)$/i

const LONG_HEX = /^[0-9a-f]{32,}$/i

/** Whether a text only holds the place of a secret. */
export function isPlaceholder(text: string): boolean {
  return PLACEHOLDER.test(text.trim())
}

/** What a text has in it that is shaped like a secret, wherever it stands; `undefined` if nothing. */
export function secretShapeOf(text: string): string | undefined {
  const shape = SHAPES.find(({ hints, pattern }) => hints.some((hint) => text.includes(hint)) && pattern.test(text))
  if (shape) return shape.why
  if (WHITE_SPACE.test(text) && AUTHORIZATION.test(text)) return 'an Authorization header'
  if (text.includes('sk-') && (text.match(SK_KEY) ?? []).some(isRandomKey)) return 'an API key (sk-…)'
  return (text.includes('://') ? addressShapeOf(text) : undefined) ?? (text.includes('=') ? queryShapeOf(text) : undefined)
}

/** A user, a password or a token before the host of an address. */
function addressShapeOf(text: string): string | undefined {
  for (const [, scheme = '', user = '', password] of text.matchAll(USER_INFO)) {
    if (password !== undefined && password !== '' && !isPlaceholder(password)) return 'an address with a password'
    // A bare user before a web host is most often a token; elsewhere (ssh://git@…) it is a name.
    if (/^https?$/i.test(scheme) && password === undefined && user !== 'git' && user !== '' && !isPlaceholder(user))
      return 'an address with a user or token'
    if (password === '' && user.length >= 16) return 'an address with a user or token'
  }
  return undefined
}

/** A token or signature in the query of an address. */
function queryShapeOf(text: string): string | undefined {
  for (const [, value = ''] of text.matchAll(SIGNED_QUERY)) {
    if (!isPlaceholder(value) && (!isPlainValue(value) || LONG_HEX.test(value))) return 'an address with a token or signature in its query'
  }
  return undefined
}

const MIN_LENGTH = 24
const MIN_ENTROPY = 4.3
const MIN_UNNATURAL = 12
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi
const INTEGRITY = /\bsha(?:1|224|256|384|512)[-:=][A-Za-z0-9+/_-]{20,}={0,2}/g

/**
 * Whether a text has a run without white space of at least 24 characters that is more random (over 4.3 bits a character) than
 * what people write: names, paths, addresses, digests, dates and lists of words are not.
 */
export function hasRandomRun(text: string): boolean {
  if (text.length < MIN_LENGTH) return false
  if (/^data:image\//.test(text)) return false
  return text
    .replaceAll(INTEGRITY, ' ')
    .replaceAll(UUID, ' ')
    .split(/[\s"'`,;|()[\]{}<>]+/)
    .some((run) => run.length >= MIN_LENGTH && entropyOf(run) > MIN_ENTROPY && unnaturalLength(run) >= MIN_UNNATURAL)
}

/** Whether a value is made of words and numbers as people choose them. */
export function isPlainValue(text: string): boolean {
  return unnaturalLength(text.replaceAll(UUID, ' ')) === 0
}

/** Whether a text that begins like a key goes on like one, and not in words as `sk-learn-random-forest` does. */
function isRandomKey(run: string): boolean {
  return unnaturalLength(run) >= MIN_UNNATURAL || /(?=[A-Za-z]{0,64}[0-9])(?=[0-9]{0,64}[A-Za-z])[A-Za-z0-9]{24}/.test(run)
}

/** How many characters of a run are in parts that no person would have chosen. */
function unnaturalLength(run: string): number {
  let length = 0
  // Only ASCII: words of other scripts are never tokens.
  for (const part of run.match(/[A-Za-z0-9]+/g) ?? []) if (!isNaturalPart(part)) length += part.length
  return length
}
