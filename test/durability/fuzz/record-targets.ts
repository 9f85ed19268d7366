import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { checkAlias } from '../../../src/record/alias.js'
import { formatOf, roleOf } from '../../../src/record/artifact-format.js'
import { checkArtifactPath, checkArtifactPaths } from '../../../src/record/artifact-path.js'
import { checkAudience } from '../../../src/record/audience.js'
import { compileOrder } from '../../../src/record/compile-order.js'
import { parseFilterText } from '../../../src/record/filter-parser.js'
import { formatFilter } from '../../../src/record/format-filter.js'
import { formatReference } from '../../../src/record/format-reference.js'
import { buildManifest, manifestBytes, readManifest } from '../../../src/record/manifest.js'
import { compileFilter } from '../../../src/record/match-filter.js'
import { checkMetadata } from '../../../src/record/metadata-value.js'
import { checkModelName, decodeModelName, encodeModelName } from '../../../src/record/model-name.js'
import { parseJsonStrictly } from '../../../src/record/parse-json.js'
import { parseReference, toReference } from '../../../src/record/parse-reference.js'
import { parseSearch } from '../../../src/record/parse-search.js'
import { readInstant } from '../../../src/record/read-instant.js'
import { redactUrl } from '../../../src/record/redact-url.js'
import { findSecrets } from '../../../src/record/secret-scan.js'
import { guessTextFormat, sniffFormat } from '../../../src/record/sniff-format.js'
import { manifestSchema } from '../../../src/schemas/artifact.js'
import { referenceSchema, type ReferenceInput } from '../../../src/schemas/reference.js'
import type { ParsedSearch, SearchQuery } from '../../../src/schemas/search.js'
import { canonicalJson } from '../../../src/util/canonical-json.js'
import { sha256Hex } from '../../../src/util/sha256.js'
import { versionSummary } from '../../record/fixtures/version-summary.js'
import { createRequest } from '../../record/journal-fixture.js'
import { bytesTarget, hold, textOf, textTarget, type Target } from './target.js'

const MANIFEST = createRequest().manifest
const METADATA = '{"params":{"depth":6,"rate":1e-3,"note":"Zürich \\u00e9"},"tags":{"site":"berlin","url":"https://u:p@h/x"},"list":[1,-2.5,null,true,{"k":[]}]}'
const FILTERS = [
  "metrics.auc >= 0.9 and tags.site = 'berlin'",
  "not (stage in ('production', 'staging') or name like 'risk/%\\_x_') and exists tags.\"my key\"",
  "createdAt > '2026-03-01' and (deleted = false or params.depth != 6) and metrics.`a.b` < -1e-3"
]
const ORDERS = ['metrics.auc desc, name', 'createdAt, tags."my key" asc', 'sequence']
const TYPED = [
  '{"where":{"metrics.auc":{"gte":0.9,"lt":1},"tags.site":"berlin"},"orderBy":[{"field":"metrics.auc","direction":"desc"}],"limit":20}',
  '{"where":{"or":[{"stage":"production"},{"not":{"name":{"like":"risk/%"}}}],"and":[{"version":{"in":["1.0.0"]}},{"tags.a":{"exists":true}}]},"includeDeleted":true}'
]
const VERSIONS = [versionSummary({ tags: { site: 'berlin' }, metrics: { auc: 0.95 } }), versionSummary({ name: 'risk/x', sequence: 2, stage: 'production' })]
const HEADS = [
  Buffer.from('8004950f000000000000007d94288c0161944b018c016294', 'hex'),
  Buffer.concat([Buffer.from([0x40, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}')]),
  Buffer.concat([Buffer.from('504b0304140008080000000000000000000000000000000000000b001200', 'hex'), Buffer.from('arc/data.pkl')]),
  Buffer.concat([Buffer.from('504b0304140000000000000000000000000000000000000000000500', 'hex'), Buffer.from('\0\0a.npy')]),
  'GGUF\x03\0\0\0', '{"format": "layers-model", "weightsManifest": []}', 'tree\nversion=v4\n', 'name,auc\na,1\n', Buffer.concat([Buffer.alloc(257), Buffer.from('ustar')])
]

/** The parsers of what people write, and of the documents of a store. */
export function recordTargets(): Target[] {
  return [
    bytesTarget('manifest', [manifestBytes(MANIFEST), manifestBytes(buildManifest([...MANIFEST.artifacts].slice(0, 1)))], (bytes) => {
      const manifest = readManifest(bytes, `sha256:${sha256Hex(bytes)}`)
      manifestSchema.parse(manifest)
      const again = manifestBytes(manifest)
      hold(isDeepStrictEqual(readManifest(again, `sha256:${sha256Hex(again)}`), manifest), 'a manifest that was read comes back from its canonical bytes')
      return manifest
    }),
    bytesTarget('manifest of another digest', [manifestBytes(MANIFEST)], (bytes) => {
      const expected = `sha256:${sha256Hex(manifestBytes(MANIFEST))}`
      const manifest = readManifest(bytes, expected)
      hold(isDeepStrictEqual(manifest, MANIFEST), 'only the bytes of the digest are read')
      return manifest
    }),
    bytesTarget('JSON', [METADATA, ...TYPED, manifestBytes(MANIFEST), '{"a":{"__proto__":{"b":1}}}', '\ufeff[0.5,1E3,"\\ud83d\\ude00"]'], (bytes) => {
      const value = parseJsonStrictly(bytes, 'document', { maxKeys: 1_000, maxItems: 10_000 })
      hold(textOf(value) === textOf(JSON.parse(new TextDecoder().decode(bytes))), 'the value is that of the JSON')
      hold(!hasKey(value, '__proto__'), 'no key is __proto__')
      return value
    }),
    textTarget('canonical JSON', [METADATA, ...TYPED], (text) => {
      const value = checkMetadata(parseJsonStrictly(Buffer.from(text), 'document'), 'metadata')
      const canonical = canonicalJson(value)
      hold(canonicalJson(JSON.parse(canonical)) === canonical, 'canonical JSON is canonical again')
      return canonical
    }),
    textTarget('metadata', [METADATA], (text) => {
      const value: unknown = jsonOf(text)
      if (value === undefined) return undefined
      const checked = checkMetadata(value, 'params')
      hold(isDeepStrictEqual(checkMetadata(checked, 'params'), checked), 'what was checked passes again unchanged')
      return [checked, findSecrets(checked, 'params')]
    }),
    textTarget('model name', ['credit-score', 'risk/Credit_Score.v2', 'a/b/c', 'CON.model', 'aux'], (text) => {
      const name = checkModelName(text)
      const folder = encodeModelName(name)
      hold(decodeModelName(folder) === name, 'the name comes back from its folder')
      hold(/^[a-z0-9!+._-]+$/.test(folder) && folder !== '.' && folder !== '..', 'the folder has plain characters')
      return name
    }),
    textTarget('folder of a model', ['risk+!credit-score', '!-con', 'a+b', '!a!b'], (text) => {
      const name = decodeModelName(text)
      if (name !== undefined) hold(encodeModelName(checkModelName(name)) === text, 'one folder for one name')
      return name
    }),
    textTarget('artifact path', ['weights/model.onnx', 'a/b c/ü.bin', 'x', 'deep/er/and/deeper/file.tar.gz'], (text) => {
      const path = checkArtifactPath(text)
      hold(!path.startsWith('/') && !/[\\\0:]/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'), 'an accepted path stays below its folder')
      return path
    }),
    textTarget('artifact paths', ['a\nb\nc/d', 'weights/model.onnx\nweights/Config.json\nREADME.md'], (text) => {
      checkArtifactPaths(text.split('\n'))
      return text
    }),
    textTarget('reference', ['credit-score@production?audience=berlin&at=2026-03-01', 'risk/m@^1.2', 'm#12', `m@sha256:${'a'.repeat(64)}`, 'm@>=1.0.0 <2 || 3.x', 'm@1.0.0-rc.1', 'm'], (text) => {
      const reference = referenceSchema.parse(parseReference(text))
      const shown = formatReference(reference)
      hold(isDeepStrictEqual(parseReference(shown), reference), `a reference comes back from its text, ${JSON.stringify(shown)}`)
      return reference
    }),
    textTarget('reference in parts', ['{"name":"m","stage":"production","audience":"berlin","at":"2026-03-01"}', '{"name":"m","version":"^1.2"}', '{"name":"m","sequence":3}'], (text) => {
      // A reference is an object or a text; what else JSON has, the schema refuses.
      const value = jsonOf(text)
      return value === undefined ? undefined : referenceSchema.parse(toReference(anyReference.parse(value)))
    }),
    textTarget('filter', FILTERS, (where) => {
      const search = parseSearch({ where })
      hold(isDeepStrictEqual(parseFilterText(formatFilter(search.filter)), search.filter), 'a filter comes back from its text')
      return matched(search)
    }),
    textTarget('order', ORDERS, (orderBy) => matched(parseSearch({ orderBy }))),
    textTarget('typed search', TYPED, (text) => {
      const query = jsonOf(text)
      return query === undefined ? undefined : matched(parseSearch(anyQuery.parse(query)))
    }),
    textTarget('instant', ['2026-03-01', '2026-03-01T12:30:00Z', '2026-03-01T12:30:00.123+01:00'], (text) => {
      const read = readInstant(text)
      if (!('at' in read)) return undefined
      hold(Number.isInteger(read.at) && !Number.isNaN(new Date(read.at).getTime()), 'an instant is one')
      return read
    }),
    textTarget('alias and audience', ['champion', 'site=berlin', 'bucket-b', 'v2'], (text) => [checkAudience(text), checkAlias(text, ['none', 'staging', 'production', 'archived'])]),
    textTarget('address with a secret', ['https://user:secret@host/x.git?token=secret#secret', 'git@host:group/x.git', 'ssh://user:secret@host:22/x'], (text) => {
      const shown = redactUrl(text)
      hold(typeof shown === 'string', 'an address is a text')
      return shown
    }),
    bytesTarget('format of a file', HEADS, (bytes) => {
      hold([undefined, 'json', 'text'].includes(guessTextFormat(bytes)), 'a guess is one of two')
      const format = formatOf('model', bytes)
      hold(sniffFormat(bytes) === undefined || format !== 'binary', 'a format that was seen is told')
      return [format, roleOf('model', format), formatOf('a.json', bytes), formatOf('w.pt', bytes)]
    }, 4_096)
  ]
}

function matched(search: ParsedSearch): unknown {
  const test = compileFilter(search.filter)
  hold(VERSIONS.map(test).every((found) => typeof found === 'boolean'), 'a filter matches or not')
  return [search, VERSIONS.toSorted(compileOrder(search.orderBy)).length]
}

// As a program without types gives them.
const anyQuery = z.custom<SearchQuery>(() => true)
const anyReference = z.custom<ReferenceInput>(() => true)

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function hasKey(value: unknown, key: string): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.hasOwn(value, key) || Object.values(value).some((each) => hasKey(each, key))
}
