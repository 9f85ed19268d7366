import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openModelCache } from '../../src/artifacts/cache/model-cache.js'
import { collectSources } from '../../src/artifacts/collect-sources.js'
import { nodeStoreFs } from '../../src/io/node-store-fs.js'
import { roleOf } from '../../src/record/artifact-format.js'
import { buildManifest, manifestDigest } from '../../src/record/manifest.js'
import type { Artifact } from '../../src/schemas/artifact.js'
import { systemSources } from '../../src/util/sources.js'
import { temporaryFolder, writeFiles } from './temporary-folder.js'

const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,5}$/).filter((text) => !/^(con|prn|aux|nul|com\d|lpt\d)$/.test(text))
// Folders and files are told apart by their endings, so that no path is both.
const path = fc.tuple(fc.array(name.map((text) => `${text}.d`), { maxLength: 3 }), name).map(([folders, file]) => [...folders, `${file}.x`].join('/'))
const tree = fc.dictionary(path, fc.uint8Array({ maxLength: 2_000 }), { minKeys: 1, maxKeys: 12, noNullPrototype: true })

it('any tree of files comes back as it was: collected, stored, materialized', async () => {
  const folder = temporaryFolder()
  await fc.assert(
    fc.asyncProperty(tree, fc.boolean(), async (files, isLocal) => {
      const here = mkdtempSync(join(folder, 'run-'))
      writeFiles(join(here, 'source'), files)
      await nodeStoreFs.makeFolder(join(here, 'store'), { mode: 0o700, sync: false })
      const collected = await collectSources('source', { directory: here })
      const items = collected.map(({ source }, index) => ({ source, target: join(here, 'store', String(index)) }))
      const stored = await nodeStoreFs.ingest(items, { sync: false, mode: 0o444 })
      const artifacts = collected.flatMap(({ path: logical, format = 'binary' }, index): Artifact[] => {
        const blob = stored[index]
        return blob ? [{ path: logical, format, role: roleOf(logical, format), sizeBytes: blob.sizeBytes, digest: `sha256:${blob.sha256}` }] : []
      })
      const blobOf = (wanted: { path: string }): string => join(here, 'store', String(collected.findIndex((each) => each.path === wanted.path)))
      const cache = openModelCache({ root: join(here, 'cache'), fs: nodeStoreFs, sources: systemSources, sync: false })
      const { dir, paths } = await cache.materialize({
        artifacts,
        digest: manifestDigest(buildManifest(artifacts)),
        fetch: (wanted, start) => nodeStoreFs.openRead(blobOf(wanted), { start }),
        localPath: isLocal ? blobOf : undefined
      })
      expect(paths.toSorted()).toEqual(Object.keys(files).toSorted())
      for (const [logical, bytes] of Object.entries(files)) expect(Buffer.compare(readFileSync(join(dir, logical)), bytes)).toBe(0)
      rmSync(here, { recursive: true, force: true })
    }),
    { numRuns: 60 }
  )
})
