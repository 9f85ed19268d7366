import { parse as parseYaml } from 'yaml'
import { openBlob } from '../../../src/backends/http/bytes/open-blob.js'
import { entryTags, readEntry } from '../../../src/backends/mlflow/entries.js'
import { mlflowVersionSchema } from '../../../src/backends/mlflow/endpoints.js'
import { mlmodelText } from '../../../src/backends/mlflow/mlmodel.js'
import { readMlflowError } from '../../../src/backends/mlflow/mlflow-error.js'
import { readLimits } from '../../../src/capture/control-group.js'
import { parseGitConfig } from '../../../src/capture/git-config.js'
import { isCommit, readGitHead } from '../../../src/capture/git-head.js'
import { parseGitStatus } from '../../../src/capture/git-status.js'
import { parseRocmSmi } from '../../../src/capture/gpu-amd.js'
import { findNvidia, parseNvidiaSmi } from '../../../src/capture/gpu-nvidia.js'
import { describeOs } from '../../../src/capture/os.js'
import { readPackageJson } from '../../../src/capture/package-json.js'
import { StemmaError } from '../../../src/errors/stemma-error.js'
import { parseJsonStrictly } from '../../../src/record/parse-json.js'
import { environmentSchema, gpuSchema, hardwareSchema } from '../../../src/schemas/captured.js'
import { parse } from '../../../src/schemas/parse.js'
import { isAttemptFailure } from '../../../src/transport/attempt-failure.js'
import type { BytesReply } from '../../../src/transport/endpoint.js'
import { readEvents } from '../../../src/transport/read-events.js'
import { describeBody } from '../../../src/transport/read-reply.js'
import { judgeRedirect } from '../../../src/transport/redirect.js'
import { MAX_RETRY_AFTER_MS, readRetryAfter } from '../../../src/transport/retry-delay.js'
import type { Transport } from '../../../src/transport/transport.js'
import { decodeError, encodeError, errorBodySchema } from '../../../src/wire/error-body.js'
import { versionPageSchema } from '../../../src/wire/messages.js'
import { fakeProbe } from '../../capture/fake-probe.js'
import { versionSummary } from '../../record/fixtures/version-summary.js'
import { createRequest } from '../../record/journal-fixture.js'
import { bytesTarget, hold, MAX_HEADER_LENGTH, textOf, textTarget, type Target } from './target.js'

const NOW_MS = Date.UTC(2026, 0, 1)
const COMMIT = 'a'.repeat(40)
const DIGEST = `sha256:${'a'.repeat(64)}` as const
const MAX_EVENT_BYTES = 100_000
const FROM = new URL('https://registry.example.org/v1/blobs/x')
const TARGET = { url: FROM, method: 'GET', what: 'GET blob', details: {} } as const
const SMI = 'NVIDIA A100-SXM4-40GB, 40960, 535.104.05, GPU-5c8a1e4c-0000-1111-2222-333344445555\nTesla, T4, [N/A], 535.1, GPU-1\n'
const STATUS = [
  `# branch.oid ${COMMIT}\0# branch.head main\x001 .M N... 100644 100644 100644 ${COMMIT} ${COMMIT} src/a b.ts\0? new/\0u UU N... 100644 100644 100644 100644 ${COMMIT} ${COMMIT} ${COMMIT} x\0`,
  `# branch.oid (initial)\0# branch.head (detached)\x002 R. N... 100644 100644 100644 ${COMMIT} ${COMMIT} R100 to\0from\0`
]
const EVENTS = ['event: progress\ndata: {"phase":"x","doneBytes":1}\n\n: alive\n\ndata: a\ndata: b\nid: 1\nretry: 5\n\n', 'data\n\n\ufeffdata: x\r\n\r\n']
const ERROR_BODY = JSON.stringify(encodeError(new StemmaError('CONFLICT', 'it moved', { hint: 'Look.', details: { current: '1.0.0', list: [1] } }), 'r1'))
const SIGNATURE = '{"inputs":[{"name":"x","type":"double"}],"outputs":[{"type":"long"}]}'

/** The parsers of what programs, systems and other servers say. */
export function outsideTargets(): Target[] {
  return [
    bytesTarget('git status', STATUS, (bytes) => {
      const status = parseGitStatus(bytes)
      hold(status.entries.every(({ kind }) => ['1', '2', 'u', '?'].includes(kind)), 'entries have kinds')
      return status
    }),
    textTarget('git config', ['user.name\nX\0filter.lfs.clean\ngit-lfs clean -- %f\0filter.lfs.required\ntrue\0remote.origin.url\nhttps://h/x\0branch.main.remote\norigin\0core.bare\0'], (text) => {
      const { overrides, unsafe, remoteOf } = parseGitConfig(text)
      hold(unsafe !== undefined || overrides.every((setting) => /^filter\.[^=]+=/s.test(setting)), 'overrides are settings of filters')
      return [overrides, unsafe, remoteOf('main'), remoteOf(undefined)]
    }),
    textTarget('git HEAD', ['ref: refs/heads/main\n', `${COMMIT}\n`, 'ref: refs/heads/a/b', 'ref: refs/heads/loop'], async (text) => {
      const files = { '/g/HEAD': text, '/g/refs/heads/main': COMMIT, '/g/refs/heads/loop': 'ref: refs/heads/loop', '/g/packed-refs': text, '/secret': COMMIT }
      const head = await readGitHead(fakeProbe({ files }), { root: '/', gitDir: '/g', commonDir: '/g', bare: false })
      hold(head.commit === undefined || isCommit(head.commit), 'a commit is one')
      return head
    }, 4_096),
    textTarget('nvidia-smi', [SMI], async (text) => {
      const heading = `| CUDA Version: ${text.slice(0, 40)} |`
      const probe = fakeProbe({
        files: { '/proc/driver/nvidia/version': text, '/proc/driver/nvidia/gpus/0/information': `Model: ${text}`, '/usr/local/cuda/version.json': text },
        programs: { 'nvidia-smi --query-gpu=name,memory.total,driver_version,uuid --format=csv,noheader,nounits': text.length % 2 === 0 ? text : undefined, 'nvidia-smi': heading }
      })
      return [parseNvidiaSmi(text), (await findNvidia(probe)).gpus].map((gpus) => gpus.map((gpu) => gpuSchema.parse(gpu)))
    }),
    textTarget('rocm-smi', ['WARNING: x\n{"card0":{"Card Series":"MI300","VRAM Total Memory (B)":"206141652992","Unique ID":"0x1"},"system":{"Driver version":"6.1"}}'], (text) => parseRocmSmi(text).map((gpu) => gpuSchema.parse(gpu))),
    textTarget('os-release', ['NAME="Debian"\nID=debian\nPRETTY_NAME="Debian GNU/Linux 12"\n', "PRETTY_NAME='Alpine'\nldd (Debian GLIBC 2.36-9) 2.36\n"], async (text) => {
      const files = { '/etc/os-release': text, '/usr/bin/ldd': text }
      return environmentSchema.shape.os.parse(await describeOs(fakeProbe({ files }), { platform: 'linux', release: '6', arch: 'x64', version: '' }))
    }),
    textTarget('control groups', ['0::/docker/a\n', '4:memory:/x/y\n3:cpu,cpuacct:/x\n', '150000 100000', '9223372036854771712'], async (text) => {
      const files = { '/proc/self/cgroup': text, '/sys/fs/cgroup/cpu.max': text, '/sys/fs/cgroup/memory.max': text, '/sys/fs/cgroup/memory/memory.limit_in_bytes': text }
      return hardwareSchema.shape.limits.parse(await readLimits(fakeProbe({ files })))
    }, 4_096),
    textTarget('package.json', ['{"name":"x","version":"1.0.0","packageManager":"pnpm@9","dependencies":{"@a/b":"^1","c":"*"},"devDependencies":{"d":"1"}}'], async (text) => {
      const read = await readPackageJson(fakeProbe({ files: { '/p/package.json': text } }), '/p')
      hold(read?.dependencies.every((name) => !name.includes('..') || !name.includes('/') || name.startsWith('@')) !== false, 'names lead nowhere else')
      return read
    }),
    textTarget('redirect', ['https://registry.example.org/v2/x?a=b', '/v1/y', 'https://store.example.net/b', '//cdn.example.com/', 'http://10.0.0.1/', 'https://[::ffff:7f00:1]/'], redirected, MAX_HEADER_LENGTH),
    textTarget('Retry-After', ['120', 'Wed, 21 Oct 2026 07:28:00 GMT', '0', ' 5 '], (text) => {
      const ms = readRetryAfter(text, NOW_MS)
      hold(ms === undefined || (ms >= 0 && ms <= MAX_RETRY_AFTER_MS), 'a wait is bounded')
      return ms
    }, MAX_HEADER_LENGTH),
    textTarget('headers of a blob', ['206\nbytes 3-4/5\n2', '416\nbytes */3\n0', '200\n\n5'], blobRead, MAX_HEADER_LENGTH),
    bytesTarget('server-sent events', EVENTS, async (bytes) => {
      const events: unknown[] = []
      try {
        for await (const event of readEvents(piecesOf(bytes), MAX_EVENT_BYTES, TARGET)) events.push(event)
      } catch (error) {
        throw isAttemptFailure(error) ? error.error : error
      }
      return events
    }),
    bytesTarget('reply of an error', [ERROR_BODY], (bytes) => decodeError(parse(errorBodySchema, parseJsonStrictly(bytes, 'the reply'), { what: 'the reply' })).toJSON()),
    bytesTarget('reply of versions', [JSON.stringify({ items: [versionSummary()], next: null })], (bytes) => parse(versionPageSchema, parseJsonStrictly(bytes, 'the reply'), { what: 'the reply' })),
    bytesTarget('another reply', ['<html><head><title>Sign in</title></head>', '{"a":1}', 'plain'], (bytes) => describeBody(bytes, { 'content-type': 'text/html' })),
    textTarget('error of MLflow', ['{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"no such"}', '{"error_code":5,"message":"x [SQL: y"}'], (text) => readMlflowError(parseJsonStrictly(Buffer.from(text), 'the reply'))?.toJSON()),
    textTarget('entry of MLflow', [JSON.stringify(entryOf('m', 'line\nsha256:x\n')), JSON.stringify(entryOf('ü', 'x'.repeat(9_001)))], (text) => {
      const entry = readEntry(parse(mlflowVersionSchema, parseJsonStrictly(Buffer.from(text), 'the reply'), { what: 'the reply' }))
      if (entry === undefined) return undefined
      const again = readEntry({ name: 'j', version: '1', tags: entryTags(entry).map((tag) => ({ ...tag })) })
      // No manifest is without text, and no event.
      hold(entry.bytes.length === 0 || entry.manifest === '' || textOf(again) === textOf(entry), 'an entry comes back from its tags')
      return entry
    }),
    textTarget('MLmodel', ['weights/model.onnx', 'ü: "x"\n- y', '#'], (path) => {
      const { manifest, ...request } = createRequest()
      const [first] = manifest.artifacts
      const artifacts = first === undefined ? [] : [{ ...first, path: `${path}.onnx`, role: 'weights' as const, format: path }]
      const signature = path.startsWith('{') ? undefined : SIGNATURE.replace('"x"', JSON.stringify(path))
      const birth = { ...request.birth, ...(signature === undefined ? {} : { signature: parseJsonStrictly(Buffer.from(signature), 'x') as null }) }
      const place = { digest: DIGEST, artifactPath: path, runId: 'r', modelId: undefined, uuid: 'u', nowMs: NOW_MS }
      const read = parseYaml(mlmodelText({ ...request, birth, manifest: { ...manifest, artifacts } }, place)) as { artifact_path: unknown; flavors: { onnx: { data: unknown } } }
      hold(read.artifact_path === path && read.flavors.onnx.data === `${path}.onnx`, 'what an MLmodel says is what was written')
      return read
    }, 4_096)
  ]
}

function entryOf(model: string, text: string): unknown {
  return { name: 'j', version: 1, tags: entryTags({ model, n: 3, bytes: Buffer.from(text), manifest: '{}' }) }
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const half = Math.floor(bytes.length / 2)
  yield bytes.subarray(0, half)
  yield await Promise.resolve(bytes.subarray(half))
}

async function redirected(location: string): Promise<unknown> {
  const rules = { origin: FROM.origin, allowedOrigins: new Set(['https://store.example.net']), isProxied: false, resolveHost: (host: string) => Promise.resolve(host.includes('x') ? ['93.184.216.34'] : ['10.0.0.1']) }
  try {
    const step = await judgeRedirect({ status: 302, headers: { location } }, { url: FROM, target: TARGET, isVerified: location.length % 2 === 0 }, rules)
    hold(step.url.protocol === 'https:' && step.url.username === '' && step.url.password === '', 'a redirect leads to https, with no user')
    hold(!step.isOwn || step.url.origin === FROM.origin, 'the token stays at its origin')
    return step
  } catch (error) {
    throw isAttemptFailure(error) ? error.error : error
  }
}

/** Status, Content-Range and Content-Length, one in a line, of a reply to the bytes from 3 on; five bytes there are. */
async function blobRead(text: string): Promise<unknown> {
  const [status, range = '', length = ''] = text.split('\n')
  const reply: BytesReply = { status: Number(status), headers: { 'content-range': range, 'content-length': length }, body: piecesOf(Buffer.from('01234')), cancel: () => undefined }
  const unused = (): never => {
    throw new Error('another method was called')
  }
  const transport: Transport = { location: '', json: unused, send: unused, events: unused, isOutOfReach: unused, close: unused, bytes: () => Promise.resolve(reply) }
  let bytes = 0
  for await (const piece of openBlob({ transport }, DIGEST, { start: 3 })) bytes += piece.byteLength
  return bytes
}
