import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { readDvcFile } from '../../../src/artifacts/dvc-file.js'
import { checkedJsonBytes } from '../../../src/artifacts/cache/checked-json.js'
import { readRecord } from '../../../src/artifacts/cache/verification-record.js'
import { decodeEvent, encodeEvent } from '../../../src/backends/journal/event-file.js'
import { decodeSnapshot, encodeSnapshot } from '../../../src/backends/journal/snapshot.js'
import { parseYamlStrictly } from '../../../src/cli/parse-yaml.js'
import { nodeStoreFs } from '../../../src/io/node-store-fs.js'
import { eventSchema } from '../../../src/schemas/event.js'
import { sha256Hex } from '../../../src/util/sha256.js'
import { newJournal, NAME } from '../../record/journal-fixture.js'
import { bytesTarget, hold, textOf, type Target } from './target.js'

const DVC = [
  'outs:\n- md5: a304afb96060aad90176268345e10355\n  size: 12\n  path: data.csv\n',
  'md5: 0000\nfrozen: true\ndeps:\n- path: get-started/data.xml\n  repo:\n    url: https://github.com/x/y\n    rev_lock: f31f5c4cdae787b4bdeb97a717687d44667d9e62\nouts:\n- etag: "abc"\n  path: \'data dir\'\n  hash: md5\n',
  'outs:\n  - {md5: a304afb96060aad90176268345e10355.dir, nfiles: 3, size: 99, path: images}\n'
]
const YAML = ['params:\n  depth: 6\n  rate: 1e-3\ntags: {site: berlin, "a b": \'c\'}\nlist:\n- 1\n- ~\n- |\n  text\n', 'a: &x [1, 2]\nb: *x\nc: 2026-03-01\n', ...DVC]

/** The package yaml takes up to 6 ms for a KiB of what means nothing: more of it would be measured, not more found. */
const YAML_LENGTH = 8_192

/** The files of a store, of the cache, and beside the data. @param folder for those that are read by their path. */
export function storeTargets(folder: string): Target[] {
  const journal = newJournal()
  journal.create()
  journal.create({ tags: { a: 'b' }, description: 'ü', aliases: ['champion'] })
  journal.move('1.0.0', 'production')
  journal.move('1.0.1', 'production', { audience: 'berlin' })
  journal.update('1.0.1', { approval: { by: 'auditor', decision: 'approved' } })
  journal.create()
  journal.remove('1.0.2')
  journal.append({ type: 'metadata.updated', data: { version: '1.0.1' } }, { opId: '__proto__', actor: 'me' })
  const files = journal.events.map(({ event }) => encodeEvent(event))
  const snapshot = Buffer.from(encodeSnapshot(journal.state))
  const recordBytes = Buffer.from(checkedJsonBytes({ format: 2, listKey: 'a'.repeat(64), files: [['a/b', '1:2:3', `sha256:${'0'.repeat(64)}`], ['c', '4', `sha256:${'1'.repeat(64)}`, 'boot']] }))
  const recordLine = recordBytes.subarray(0, recordBytes.indexOf(10))
  const path = join(folder, 'input')

  return [
    bytesTarget('event file', files, readEvent),
    bytesTarget('event file with its checksum', files.map((file) => file.subarray(0, file.indexOf(10))), (line) => readEvent(sealed(line))),
    bytesTarget('snapshot', [snapshot], (bytes) => {
      const state = decodeSnapshot(bytes, NAME)
      if (state !== undefined) hold(isDeepStrictEqual(state, journal.state), 'only a whole snapshot is read')
      return state
    }),
    // What it holds is believed by its checksum; it has to be read or not, and nothing else.
    bytesTarget('snapshot with its checksum', [snapshot.subarray(72)], (body) => decodeSnapshot(Buffer.concat([Buffer.from(`sha256:${sha256Hex(body)}\n`), body]), NAME)),
    bytesTarget('record of verified files', [recordBytes], (bytes) => verified(bytes)),
    bytesTarget('record of verified files with its checksum', [recordLine], (line) => verified(sealed(line))),
    bytesTarget('.dvc file', DVC, async (bytes) => {
      writeFileSync(path, bytes)
      const { outputs, revision, repository } = await readDvcFile(path)
      hold(outputs.length > 0 && outputs.every(({ path, digest, sizeBytes = 0 }) => path !== '' && /^(?:md5|etag|checksum):./s.test(digest) && Number.isSafeInteger(sizeBytes)), 'each output has a path and a digest')
      return { outputs, revision, repository }
    }, YAML_LENGTH),
    bytesTarget('YAML', YAML, (bytes) => {
      const value = parseYamlStrictly(bytes, 'document')
      return [value]
    }, YAML_LENGTH)
  ]
}

function sealed(line: Buffer): Buffer {
  return Buffer.concat([line, Buffer.from(`\nsha256:${sha256Hex(line)}\n`)])
}

function readEvent(bytes: Buffer): unknown {
  const n = Number(/"n":(\d{1,9})/.exec(bytes.toString('latin1'))?.[1] ?? 0)
  const place = { model: NAME, n, prev: undefined, path: 'event' }
  const { event, head, hash } = decodeEvent(bytes, place)
  hold(head.n === n && hash === sha256Hex(bytes), 'an event is in its place')
  if (event === undefined) return head
  const again = decodeEvent(encodeEvent(eventSchema.parse(event)), place)
  hold(textOf(again.event) === textOf(event), 'an event comes back from its file')
  return event
}

async function verified(bytes: Buffer): Promise<unknown> {
  const record = await readRecord({ ...nodeStoreFs, readFile: () => Promise.resolve(bytes) }, '')
  if (record !== undefined) hold([...record.files.values()].every(({ fingerprint, digest }) => typeof fingerprint === 'string' && typeof digest === 'string'), 'a record has texts')
  return record
}
