import * as z from 'zod'
import { StemmaError } from '../../errors/stemma-error.js'
import { MAX_MANIFEST_BYTES, readManifest } from '../../record/manifest.js'
import { digestSchema, type Digest } from '../../schemas/digest.js'
import type { CallOptions } from '../../util/options.js'
import { proxiedPath, readFile } from './artifact-folder.js'
import type { MlflowClient } from './client.js'
import type { Entry } from './entries.js'
import { blobPath, MANIFEST_PATH, placementSchema, storedPath, type Placement } from './placement.js'

/** A blob among the files of a version. */
export interface Place {
  /** Behind the server's artifact proxy. */
  readonly path: string
  readonly sizeBytes: number | undefined
}

/** Which blobs lie where on the server, as far as the journal tells. */
export interface Places {
  note(entry: Entry): void
  /** Canonical JSON of a manifest that came with its event, or that is about to be written. */
  manifest(digest: Digest): string | undefined
  remember(digest: Digest, manifest: string): void
  /** Files that lie on the server, of a version that is about to be registered. Their manifest is remembered. */
  announce(digest: Digest, placement: Placement): void
  /** The manifest that an event file names, if it tells of a new version and the manifest is at hand. */
  manifestOf(event: Uint8Array): string | undefined
  /** Whether it is known where a blob lies, without asking the server. */
  has(digest: Digest): boolean
  /** The same, of a file on the server. */
  hasFile(digest: Digest): boolean
  /** Where a blob lies: one place after the other, should one be gone. Reads manifests that were not read yet. */
  find(digest: Digest, options: CallOptions): AsyncIterable<Place>
  /** All that is known. */
  all(options: CallOptions): Promise<ReadonlyMap<Digest, readonly Place[]>>
}

interface Unread {
  digest: Digest
  folder: string
  isMade: boolean
}

const createdSchema = z.looseObject({
  type: z.literal('version.created'),
  data: z.looseObject({
    digest: digestSchema,
    birth: z.looseObject({
      mlflow: placementSchema,
      environment: z.looseObject({ files: z.array(z.looseObject({ digest: digestSchema })).optional() }).optional()
    })
  })
})

/** Starts with nothing; the journal tells it of entries as they are read. */
export function createPlaces(client: MlflowClient): Places {
  const places = new Map<Digest, Place[]>()
  const manifests = new Map<Digest, string>()
  let unread: Unread[] = []

  const add = (digest: Digest, place: Place): void => {
    const known = places.get(digest) ?? []
    known.push(place)
    places.set(digest, known)
  }

  const addArtifacts = ({ digest, folder, isMade }: Unread, text: string): void => {
    for (const artifact of readManifest(Buffer.from(text), digest).artifacts) {
      const path = isMade ? artifact.path : storedPath(artifact)
      add(artifact.digest, { path: `${folder}/${path}`, sizeBytes: artifact.sizeBytes })
    }
  }

  const readKnown = (): void => {
    const rest: Unread[] = []
    for (const one of unread) {
      const text = manifests.get(one.digest)
      if (text === undefined) rest.push(one)
      else addArtifacts(one, text)
    }
    unread = rest
  }

  const readOthers = async (options: CallOptions): Promise<void> => {
    for (const one of [...unread]) {
      const text = await readText(client, `${one.folder}/${MANIFEST_PATH}`, options).catch(() => undefined)
      // One that is gone or damaged is reported by whoever asks for that version.
      if (text !== undefined && unread.includes(one)) {
        unread = unread.filter((other) => other !== one)
        addArtifacts(one, text)
      }
    }
  }

  return {
    note({ bytes, manifest }) {
      const created = readCreated(bytes)
      if (!created) return
      const { digest, birth } = created.data
      if (manifest !== undefined) manifests.set(digest, manifest)
      const folder = proxiedPath(client, birth.mlflow.artifactUri)
      const isMade = birth.mlflow.manifest === 'made'
      if (!isMade) add(digest, { path: `${folder}/${MANIFEST_PATH}`, sizeBytes: undefined })
      for (const file of birth.environment?.files ?? []) add(file.digest, { path: `${folder}/${blobPath(file.digest)}`, sizeBytes: undefined })
      unread.push({ digest, folder, isMade })
    },
    manifest: (digest) => manifests.get(digest),
    remember(digest, manifest) {
      manifests.set(digest, manifest)
    },
    announce(digest, { artifactUri, manifest }) {
      unread.push({ digest, folder: proxiedPath(client, artifactUri), isMade: manifest === 'made' })
    },
    manifestOf(event) {
      const created = readCreated(event)
      return created && manifests.get(created.data.digest)
    },
    has(digest) {
      readKnown()
      return places.has(digest) || manifests.has(digest)
    },
    hasFile(digest) {
      readKnown()
      return places.has(digest)
    },
    async *find(digest, options) {
      readKnown()
      const tried = new Set<Place>()
      for (let isComplete = false; ; isComplete = true) {
        for (const place of places.get(digest) ?? []) {
          if (!tried.has(place)) yield place
          tried.add(place)
        }
        if (isComplete) return
        await readOthers(options)
      }
    },
    async all(options) {
      readKnown()
      await readOthers(options)
      return places
    }
  }
}

function readCreated(bytes: Uint8Array): z.output<typeof createdSchema> | undefined {
  const end = bytes.indexOf(10)
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, end === -1 ? bytes.byteLength : end).toString('utf8')
  if (!line.includes('"version.created"')) return undefined
  try {
    return createdSchema.safeParse(JSON.parse(line)).data
  } catch {
    // Damage is told by whoever reads the event.
    return undefined
  }
}

async function readText(client: MlflowClient, path: string, options: CallOptions): Promise<string> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of readFile(client, path, options)) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > MAX_MANIFEST_BYTES) throw new StemmaError('TOO_LARGE', `${path} has more bytes than a manifest may have`, { details: { path } })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
