import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { all, temporaryFolder, testRegistry } from '../../support/test-registry.js'
import { startByteServer, type ByteServer, type Reply } from '../byte-server.js'

const BOUNDARY = 'x-boundary'
interface Piece {
  name: string
  filename?: string
  content: Uint8Array | string
}
const post = (server: ByteServer, pieces: readonly Piece[], headers: Record<string, string> = {}): Promise<Reply> =>
  server.send('POST', '/v1/publish', {
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, ...headers },
    body: Buffer.concat([
      ...pieces.flatMap(({ name, filename, content }) => [
        Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}\r\n\r\n`),
        Buffer.from(content),
        Buffer.from('\r\n')
      ]),
      Buffer.from(`--${BOUNDARY}--\r\n`)
    ])
  })
const metadata = (value: object): Piece => ({ name: 'metadata', content: JSON.stringify(value) })
const file = (filename: string, content: Uint8Array | string): Piece => ({ name: 'file', filename, content })

describe.each(['memory:', 'local'])('publishing over %s', (kind) => {
  const open = async () => {
    const registry = await testRegistry(kind === 'local' ? temporaryFolder() : kind)
    return { registry, server: await startByteServer(registry) }
  }

  it('makes the version that logModel makes of the same files', async () => {
    const { server, registry } = await open()
    const contents = { 'weights/model.bin': Buffer.alloc(2_500_000, 3), 'config.json': '{"a":1}', 'notes.md': 'hello', 'empty.txt': '', 'scaler.pkl': Buffer.from([0x80, 4, 0x95]) }
    const fields = { params: { depth: 3 }, metrics: { auc: 0.9 }, tags: { site: 'berlin' }, description: 'x', datasets: [{ name: 'loans', version: '3' }] }
    const reply = await post(server, [metadata({ name: 'credit', version: '1.2.0', ...fields }), ...Object.entries(contents).map(([path, content]) => file(path, content))])
    expect(reply.status).toBe(201)
    const logged = await registry.logModel({ name: 'other', artifacts: contents, capture: false, ...fields })
    const published = await registry.getVersion('credit@1.2.0')
    expect(published.digest).toBe(logged.digest)
    const told = ({ artifacts, params, metrics, tags, description, datasets, code, environment, hardware }: typeof logged) => ({ artifacts, params, metrics, tags, description, datasets, code, environment, hardware })
    expect(told(published)).toEqual(told(logged))
    expect(reply.json()).toMatchObject({ name: 'credit', version: '1.2.0', digest: logged.digest })
    const model = await registry.getModel('credit')
    expect(createHash('sha256').update(await model.read('weights/model.bin')).digest('hex')).toBe(createHash('sha256').update(contents['weights/model.bin']).digest('hex'))
  })

  it('takes the metadata after the files, and answers the same key with the first version', async () => {
    const { server, registry } = await open()
    const headers = { 'idempotency-key': 'once' }
    const pieces = [file('a.bin', 'a'), metadata({ name: 'credit', actor: 'ann' })]
    const first = await post(server, pieces, headers)
    const again = await post(server, pieces, headers)
    expect([first.status, again.status, again.json()]).toEqual([201, 201, first.json()])
    expect((await all(registry.versions('credit'))).length).toBe(1)
    expect((await all(registry.history('credit')))[0]?.actor).toBe('ann')
  })
})

describe('publishing what is wrong', () => {
  const good = metadata({ name: 'credit' })
  it.each<[string, Piece[], number, string]>([
    ['no metadata', [file('a', 'a')], 400, 'INVALID_INPUT'],
    ['no file', [good], 400, 'INVALID_INPUT'],
    ['metadata twice', [good, good, file('a', 'a')], 400, 'INVALID_INPUT'],
    ['metadata that is no JSON', [{ name: 'metadata', content: '{' }, file('a', 'a')], 400, 'INVALID_INPUT'],
    ['metadata with a key twice', [{ name: 'metadata', content: '{"name":"a","name":"b"}' }, file('a', 'a')], 400, 'INVALID_INPUT'],
    ['metadata with __proto__', [{ name: 'metadata', content: '{"name":"a","params":{"__proto__":{"x":1}}}' }, file('a', 'a')], 400, 'INVALID_INPUT'],
    ['a field that is not known', [metadata({ name: 'a', capture: {} }), file('a', 'a')], 400, 'INVALID_METADATA'],
    ['the path of a data set, which the server would read', [metadata({ name: 'a', datasets: [{ path: '/etc/passwd' }] }), file('a', 'a')], 400, 'INVALID_METADATA'],
    ['a data set as a text, which may be a path', [metadata({ name: 'a', datasets: ['/etc/passwd'] }), file('a', 'a')], 400, 'INVALID_METADATA'],
    ['a wrong name', [metadata({ name: '../x' }), file('a', 'a')], 400, 'INVALID_NAME'],
    ['a wrong version', [metadata({ name: 'a', version: 'one' }), file('a', 'a')], 400, 'INVALID_VERSION'],
    ['version and bump', [metadata({ name: 'a', version: '1.0.0', bump: 'minor' }), file('a', 'a')], 400, 'INVALID_INPUT'],
    ['a wrong alias', [metadata({ name: 'a', aliases: ['production'] }), file('a', 'a')], 400, 'INVALID_ALIAS'],
    ['an origin that is not there', [metadata({ name: 'a', derivedFrom: { model: 'none', relation: 'pruned' } }), file('a', 'a')], 404, 'NOT_FOUND'],
    ['a secret', [metadata({ name: 'a', params: { token: `ghp_${'a1B2'.repeat(9)}` } }), file('a', 'a')], 422, 'SECRET_IN_METADATA'],
    ['a path upwards', [good, file('../a', 'a')], 400, 'INVALID_PATH'],
    ['an absolute path', [good, file('/etc/passwd', 'a')], 400, 'INVALID_PATH'],
    ['a path of Windows', [good, file('a\\\\b', 'a')], 400, 'INVALID_PATH'],
    ['an empty path', [good, file('', 'a')], 400, 'INVALID_PATH'],
    ['a path of stemma', [good, file('.stemma/x', 'a')], 400, 'INVALID_PATH'],
    ['the same path twice', [good, file('a', '1'), file('A', '2')], 400, 'INVALID_PATH'],
    ['a file where a folder is', [good, file('a', '1'), file('a/b', '2')], 400, 'INVALID_PATH'],
    ['a part that is neither', [good, { name: 'other', content: 'x' }, file('a', '1')], 400, 'INVALID_INPUT']
  ])('refuses %s, and registers nothing', async (_, pieces, status, code) => {
    const registry = await testRegistry('memory:')
    const server = await startByteServer(registry)
    const reply = await post(server, pieces)
    expect([reply.status, reply.code()]).toEqual([status, code])
    expect(await all(registry.models())).toEqual([])
  })

  it('refuses aliases without the scope promote', async () => {
    const registry = await testRegistry('memory:')
    const reply = await post(await startByteServer(registry, {}, 'write'), [metadata({ name: 'a', aliases: ['champion'] }), file('a', 'a')])
    expect([reply.status, reply.code()]).toEqual([403, 'FORBIDDEN'])
    expect(await all(registry.models())).toEqual([])
  })
})
