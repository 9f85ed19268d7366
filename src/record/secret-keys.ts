import { isPlaceholder, isPlainValue } from './secret-shapes.js'

/** Words whose value is a secret whatever it looks like. Each is a run of words of a key, joined without a sign between them. */
const STRONG = [
  'password',
  'passwd',
  'passphrase',
  'pwd',
  'mysqlpwd',
  'secret',
  'secrets',
  'apikey',
  'accesskey',
  'secretkey',
  'privatekey',
  'credential',
  'credentials',
  'clientsecret'
]
/** Words that also name harmless things (`pad_token`, `auth_method`, `session`): their value counts only if it looks random. */
const WEAK = [
  'auth',
  'authorization',
  'token',
  'tokens',
  'session',
  'sessionid',
  'cookie',
  'cookies',
  'csrf',
  'csrftoken',
  'xsrf',
  'bearer',
  'sid',
  'jwt',
  'pat',
  'signingkey',
  'encryptionkey',
  'accountkey',
  'sshkey',
  'authkey',
  'connectionstring',
  'dsn'
]
/** A last word that says that the value only describes the secret: where it lies, what it is called, whether there is one. */
const DESCRIBES = new Set([
  'name',
  'names',
  'id',
  'type',
  'kind',
  'method',
  'path',
  'file',
  'env',
  'var',
  'variable',
  'count',
  'length',
  'size',
  'ref',
  'provider',
  'policy',
  'required',
  'enabled',
  'strategy',
  'mode',
  'url',
  'uri',
  'arn',
  'format',
  'hint',
  'hash',
  'digest',
  'class',
  'column',
  'version',
  'at',
  'expiry',
  'manager',
  'backend',
  'field'
])
const HASH_WORDS = new Set([
  'hash',
  'hashes',
  'digest',
  'checksum',
  'md5',
  'sha',
  'sha1',
  'sha256',
  'sha512',
  'etag',
  'integrity',
  'fingerprint',
  'commit',
  'thumbprint'
])

/** Whether the key of a value says that the value is a digest, which is random without being secret. */
export function isDigestKey(key: string): boolean {
  return wordsOf(key).some((word) => HASH_WORDS.has(word))
}

/** Why a key makes its value a secret; `undefined` if it does not. */
export function secretByKey(key: string, value: string): string | undefined {
  const words = wordsOf(key)
  if (DESCRIBES.has(words.at(-1) ?? '')) return undefined
  const text = value.trim()
  if (text.length < 4 || isPlaceholder(text) || isReference(text) || isSpecialToken(text)) return undefined
  const strong = wordIn(words, STRONG)
  if (strong !== undefined)
    return /^(?:none|null|true|false|undefined|empty|default|required|optional)$/i.test(text) ? undefined : `its key says ${strong}`
  const weak = wordIn(words, WEAK)
  return weak !== undefined && text.length >= 12 && !/\s/.test(text) && looksRandom(text)
    ? `its key says ${weak}, and it looks random`
    : undefined
}

/** `apiKey`, `API_KEY`, `x-api-key` and `api.key` as `api`, `key`. */
function wordsOf(key: string): string[] {
  return (key.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g) ?? []).map((word) => word.toLowerCase())
}

/** The listed word that one, two or three words of a key next to each other make. */
function wordIn(words: readonly string[], listed: readonly string[]): string | undefined {
  for (let length = 3; length >= 1; length -= 1) {
    for (let start = 0; start + length <= words.length; start += 1) {
      const joined = words.slice(start, start + length).join('')
      if (listed.includes(joined)) return joined
    }
  }
  return undefined
}

/** Where the secret lies, instead of the secret. */
function isReference(text: string): boolean {
  return (
    /^(?:env|vault|secret|secretref|ssm|aws-sm|gcp-sm|keyring|op|file|arn|projects)[:/]/i.test(text) ||
    /^(?:\.{0,2}|~)\/[\w./-]+$/.test(text) ||
    /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(text)
  )
}

/** What tokenizers call their own tokens: `[PAD]`, `<|endoftext|>`, `</s>`. */
function isSpecialToken(text: string): boolean {
  return /^(?:\[[^\]]*\]|<[^>]*>|▁.*)$/.test(text)
}

function looksRandom(text: string): boolean {
  return !isPlainValue(text) || /^[0-9a-f]{32,}$/i.test(text) || /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}
