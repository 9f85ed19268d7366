import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import type { BytesReply, RequestBody } from '../../transport/endpoint.js'
import { mapLimited } from '../../util/map-limited.js'
import type { CallOptions } from '../../util/options.js'
import type { MlflowClient } from './client.js'
import { artifactFile, MLFLOW, signedDownload } from './endpoints.js'
import { isMissingRoute } from './mlflow-error.js'

/** Smaller files come through the server: a signed address takes one request more. */
const SIGNED_MIN_BYTES = 33_554_432
const CONCURRENT_LISTS = 8

/** A file in a folder of artifacts. */
export interface ListedFile {
  /** From the folder on. */
  readonly path: string
  readonly sizeBytes: number
}

/**
 * The path, behind the server's artifact proxy, of a folder of artifacts.
 *
 * @throws {StemmaError} UNSUPPORTED for one that the server does not hand out itself.
 */
export function proxiedPath(client: MlflowClient, artifactUri: string): string {
  const { host } = new URL(client.baseUrl)
  const [, scheme = '', authority = '', path = ''] = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/]*))?\/*(.*)$/i.exec(artifactUri) ?? []
  const isHere = authority === '' || authority === host
  if (scheme === 'mlflow-artifacts' && isHere) return path.replace(/\/+$/, '')
  const behind = /(?:^|\/)api\/2\.0\/mlflow-artifacts\/artifacts\/(.*)$/.exec(path)?.[1]
  if (/^https?$/.test(scheme) && isHere && behind !== undefined) return behind.replace(/\/+$/, '')
  throw new StemmaError('UNSUPPORTED', `artifacts of ${client.baseUrl} lie where only clients with own access can reach them (${scheme === '' ? 'a folder of the server' : scheme})`, {
    hint: 'Start the MLflow server with --serve-artifacts and --artifacts-destination, and use an experiment that was made after that.',
    details: { scheme: scheme === '' ? 'file' : scheme }
  })
}

/** All files below a folder, in no special order. A folder that is not there has none. */
export async function listFiles(client: MlflowClient, folder: string, options: CallOptions): Promise<ListedFile[]> {
  const found: ListedFile[] = []
  // One level after the other, the folders of each side by side.
  for (let level = ['']; level.length > 0; ) {
    const listed = await mapLimited(level, CONCURRENT_LISTS, (below) => listFolder(client, folder, below, options))
    for (const { files } of listed) found.push(...files)
    level = listed.flatMap(({ folders }) => folders)
  }
  return found
}

/** The same of those folders only that paths lie in, all of them side by side. */
export async function listFilesBeside(client: MlflowClient, folder: string, paths: readonly string[], options: CallOptions): Promise<ListedFile[]> {
  const parents = new Set(paths.map((path) => path.slice(0, Math.max(path.lastIndexOf('/'), 0))))
  const listed = await mapLimited([...parents], CONCURRENT_LISTS, (below) => listFolder(client, folder, below, options))
  return listed.flatMap(({ files }) => files)
}

async function listFolder(client: MlflowClient, folder: string, below: string, { signal }: CallOptions): Promise<{ files: ListedFile[]; folders: string[] }> {
  const path = below === '' ? folder : `${folder}/${below}`
  const reply = await client.call(MLFLOW.listArtifacts, { query: { path }, signal })
  const files: ListedFile[] = []
  const folders: string[] = []
  for (const file of reply.files) {
    // Some servers give the name in the folder, others the path below the root.
    const name = file.path.slice(file.path.lastIndexOf('/') + 1)
    const full = below === '' ? name : `${below}/${name}`
    if (file.is_dir) folders.push(full)
    else files.push({ path: full, sizeBytes: file.file_size ?? 0 })
  }
  return { files, folders }
}

/** Puts a file, with its length: servers store a body without one as an empty file. */
export function putFile(
  client: MlflowClient,
  path: string,
  body: RequestBody,
  options: CallOptions & { onSent?: ((bytes: number) => void) | undefined }
): Promise<void> {
  return client.upload(artifactFile('PUT', path), body, options)
}

/**
 * The bytes of a file from `start` on: a large one from the store behind the server, where that signs an address of it. Servers that know
 * no ranges send all of it, and what is before `start` is passed over.
 *
 * @throws {StemmaError} BLOB_MISSING before the first byte.
 */
export async function* readFile(
  client: MlflowClient,
  path: string,
  { start = 0, sizeBytes = 0, signal }: CallOptions & { start?: number | undefined; sizeBytes?: number | undefined }
): AsyncGenerator<Uint8Array> {
  const fromStore = sizeBytes >= SIGNED_MIN_BYTES ? await openInStore(client, path, start, signal) : undefined
  const reply = fromStore ?? (await openFile(client, path, start, signal))
  if (reply === undefined) return
  let skip = reply.status === 206 ? 0 : start
  try {
    for await (const chunk of reply.body) {
      signal?.throwIfAborted()
      if (chunk.byteLength <= skip) skip -= chunk.byteLength
      else {
        yield skip === 0 ? chunk : chunk.subarray(skip)
        skip = 0
      }
    }
  } finally {
    reply.cancel()
  }
}

/** `undefined`: it has to come through the server. */
async function openInStore(client: MlflowClient, path: string, start: number, signal: AbortSignal | undefined): Promise<BytesReply | undefined> {
  if (client.offers.downloads === false) return undefined
  try {
    const from = await client.call(signedDownload(path), { signal })
    client.offers.downloads = await client.stores.allows(from.url)
    return client.offers.downloads ? await client.stores.get(from, start, { signal }) : undefined
  } catch (error) {
    signal?.throwIfAborted()
    // Whether it is that there is no such file, or none for us: the server says so again.
    if (isMissingRoute(error) || !isStemmaError(error, 'NOT_FOUND')) client.offers.downloads = false
    return undefined
  }
}

/** `undefined`: there is nothing from `start` on. */
async function openFile(client: MlflowClient, path: string, start: number, signal: AbortSignal | undefined) {
  try {
    return await client.download(artifactFile('GET', path), { start, signal })
  } catch (error) {
    const status = isStemmaError(error) ? error.details['status'] : undefined
    if (status === 416) return undefined
    if (status !== 404 && status !== 500) throw error
    // A file that is not there is 404, or 500 with a page: the listing tells it from a server that is ill.
    if (status === 500 && (await sizeOf(client, path, signal)) !== undefined) throw error
    throw new StemmaError('BLOB_MISSING', `${path} is not among the artifacts of ${client.baseUrl}`, {
      hint: 'It was removed from the MLflow server. Log the same artifact again.',
      details: { path }
    })
  }
}

/** The size of a file, as the server lists it; `undefined` when it is not there. */
export async function sizeOf(client: MlflowClient, path: string, signal: AbortSignal | undefined): Promise<number | undefined> {
  const slash = path.lastIndexOf('/')
  const { files } = await client.call(MLFLOW.listArtifacts, { query: { path: path.slice(0, slash) }, signal })
  const name = path.slice(slash + 1)
  const found = files.find((file) => file.path.slice(file.path.lastIndexOf('/') + 1) === name)
  return found && (found.file_size ?? 0)
}
