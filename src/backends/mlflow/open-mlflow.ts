import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import { createNodeStoreFs } from '../../io/node-store-fs.js'
import { DEFAULT_POLICY, policySchema, type Policy } from '../../schemas/policy.js'
import { LIBRARY } from '../../util/library.js'
import { systemSources, type Sources } from '../../util/sources.js'
import type { Backend } from '../backend.js'
import { JOURNAL_CAPABILITIES } from '../journal/capabilities.js'
import { createJournalBackend } from '../journal/journal-backend.js'
import { createModelStates } from '../journal/model-states.js'
import { createMlflowBlobStore } from './blob-store.js'
import { createMlflowClient, type MlflowClient } from './client.js'
import type { Connection } from './connection.js'
import { readCredentials } from './credentials.js'
import { MLFLOW } from './endpoints.js'
import { createExperiments } from './experiment.js'
import { createJournal } from './journal.js'
import { createMlflowLogStore } from './log-store.js'
import { createMirror } from './mirror.js'
import { createNames } from './names.js'
import { createPlaces } from './places.js'
import { createSpool } from './spool.js'
import { withMlflow } from './with-mlflow.js'

/** Options of {@link openMlflowBackend}. */
export interface MlflowBackendOptions {
  /** `http://host:5000`, with the prefix of the server if it has one; user and password in it are used and not kept. */
  address: string
  /** Stages and rules of a registry that has no journal yet; another one keeps its own. */
  policy?: Policy | undefined
  /** @default the machine's clock and randomness */
  sources?: Sources | undefined
  /** Whether to begin a registry where there is none yet; it is made with the first change. @default true */
  create?: boolean | undefined
  /** What all registered models of this registry begin with. @default '' */
  prefix?: string | undefined
  /** In place of all other credentials. */
  token?: string | undefined
  /** `environment`, or the address of an HTTP proxy. @default `environment`, as Python does it */
  proxy?: string | undefined
  /** A request ends when nothing moves for this long, milliseconds. @default 120_000: servers take a file in whole before they answer */
  timeoutMs?: number | undefined
  /** Where credentials and the experiment are read from. @default the process's own variables */
  environment?: Readonly<Record<string, string | undefined>> | undefined
}

/**
 * Opens a registry on an MLflow server.
 *
 * @throws {StemmaError} REGISTRY_UNAVAILABLE (also when there is none, and `create` is false), UNAUTHENTICATED, FORBIDDEN, PROTOCOL_ERROR when it is no MLflow server, CONFLICT for other
 * stages or rules than the registry has, FORMAT_TOO_NEW, INVALID_INPUT.
 */
export async function openMlflowBackend(options: MlflowBackendOptions): Promise<Backend> {
  const { sources = systemSources, prefix = '', environment = process.env, token, proxy, timeoutMs } = options
  const { baseUrl, userinfo } = readAddress(options.address)
  const client = createMlflowClient({ baseUrl, credentials: readCredentials({ environment, userinfo, token }), sources, proxy, timeoutMs, environment })
  const names = createNames(prefix)
  try {
    const policy = await readPolicy(client, names.journal, options)
    return assemble({ client, names, policy, sources, environment, prefix })
  } catch (error) {
    client.close()
    throw error
  }
}

function readAddress(address: string): { baseUrl: string; userinfo: { user: string; password: string } | undefined } {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new StemmaError('INVALID_INPUT', 'wanted the address of an MLflow server', { hint: 'For instance mlflow+http://localhost:5000.' })
  }
  const userinfo = url.username === '' ? undefined : { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }
  return { baseUrl: `${url.origin}${url.pathname}`.replace(/\/+$/, ''), userinfo }
}

/** The policy that the registry was made with; asks the server, so that a wrong address is told at once. */
async function readPolicy(client: MlflowClient, name: string, { policy: given, create = true }: MlflowBackendOptions): Promise<Policy> {
  try {
    const { registered_model: found } = await client.call(MLFLOW.getRegisteredModel, { query: { name } })
    const format = found.tags.find(({ key }) => key === 'stemma.format')?.value ?? '1'
    if (format !== '1') throw new StemmaError('FORMAT_TOO_NEW', `the registry on ${client.baseUrl} has format ${format}`, { hint: 'Upgrade stemma.' })
    const text = found.tags.find(({ key }) => key === 'stemma.policy')?.value
    const policy = text === undefined ? DEFAULT_POLICY : policySchema.parse(JSON.parse(text))
    if (given === undefined || JSON.stringify(given) === JSON.stringify(policy)) return policy
    throw new StemmaError('CONFLICT', `the registry on ${client.baseUrl} has other stages or rules than those given`, { hint: 'Leave the policy out.' })
  } catch (error) {
    if (!isStemmaError(error, 'NOT_FOUND')) throw error
    if (create) return given ?? DEFAULT_POLICY
    throw new StemmaError('REGISTRY_UNAVAILABLE', `there is no registry on ${client.baseUrl} that begins with ${name}, and create is false`, {
      hint: 'Check the address and its ?models=, or leave create out to begin one. Models that were logged without stemma are found then, too.',
      retryable: false
    })
  }
}

interface Parts {
  client: MlflowClient
  names: ReturnType<typeof createNames>
  policy: Policy
  sources: Sources
  environment: Readonly<Record<string, string | undefined>>
  prefix: string
}

function assemble({ client, names, policy, sources, environment, prefix }: Parts): Backend {
  const fs = createNodeStoreFs(sources)
  const spool = createSpool(fs, sources)
  const places = createPlaces(client)
  const journal = createJournal({
    ...{ client, name: names.journal, policy, sources },
    onEntry: (entry) => {
      places.note(entry)
    }
  })
  const log = createMlflowLogStore({ journal, journalName: names.journal, sources, manifestOf: (event) => places.manifestOf(event) })
  const blobs = createMlflowBlobStore({ client, fs, spool, places, journal })
  const states = createModelStates({ log, sources })
  const connection: Connection = {
    client,
    names,
    sources,
    features: { loggedModels: undefined, stages: undefined },
    experimentOf: createExperiments(client, environment, prefix),
    openBlob: (digest, call) => blobs.open(digest, call)
  }
  const inner = createJournalBackend({
    location: client.baseUrl,
    log,
    blobs,
    policy,
    sources,
    // Files that MLflow's server keeps are not flushed to the disk by it, and nothing tells which of them nobody needs.
    capabilities: { ...JOURNAL_CAPABILITIES, durable: false, localFiles: false, garbageCollection: false },
    uploadFolder: spool.folder,
    writer: { id: Buffer.from(sources.randomBytes(8)).toString('hex'), library: LIBRARY },
    release: async () => {
      await spool.close()
      client.close()
    }
  })
  return withMlflow(inner, { connection, journal, states, places, blobs, spool, mirror: createMirror(connection, { log, journal, states }) })
}
