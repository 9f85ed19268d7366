import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { installMlflow, pythonEnvironment } from '../../mlflow/python.js'
import { startServer } from '../../mlflow/server.js'
import { formatRatio, pairs, runShell, type Row } from '../measure.js'
import { freshPath, program, writeNoise, type Workspace } from '../workspace.js'

const LARGE_BYTES = 500 * 1024 ** 2
const SMALL_FILES = 2_000
const SMALL_BYTES = 4_096
const VERSIONS = 2_000
/** Logged side by side: the server has its processes, and much of each call is waiting. */
const MODELS = 16
const EXPERIMENT = 'bench'
/** Short calls are measured so many at a time. */
const TURNS = 10
/** As many processes as `mlflow server` has unless it is told another number. */
const WORKERS = 4
const WARM_BAR = 1 / 20

/**
 * This backend and MLflow's own client for Python, on one MLflow server of the newest 3.x with SQLite and file artifacts. Each row is measured
 * within a running process of either, after its imports and one call that does not count, and as a program of its own from start to end.
 */
export async function mlflowRows(workspace: Workspace): Promise<Row[]> {
  const python = await installMlflow('3.x')
  const folder = freshPath(workspace, 'mlflow')
  mkdirSync(folder)
  const server = await startServer(python, { folder, workers: WORKERS })
  const bench: Bench = {
    workspace,
    ours: () => startClient(process.execPath, [program('mlflow'), server.url]),
    theirs: () => startClient(python, [program('mlflow').replace(/mlflow\.mjs$/, 'mlflow-client.py'), server.url])
  }
  try {
    await withClients(bench, (clients) => warmUp(bench, clients))
    return [...(await fileRows(bench, 'large')), ...(await fileRows(bench, 'small')), ...(await promoteRows(bench)), ...(await searchRows(bench))]
  } finally {
    await server.stop()
  }
}

interface Bench {
  workspace: Workspace
  ours: () => Client
  theirs: () => Client
}

type Work = Readonly<Record<string, string | number>>

/** A process of one of the clients. */
interface Client {
  /** Milliseconds of the call itself. */
  do(work: Work): Promise<number>
  peakMiB: () => number
  end(): Promise<void>
}

function startClient(command: string, args: readonly string[]): Client {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...pythonEnvironment(), MLFLOW_EXPERIMENT_NAME: EXPERIMENT } })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let peakKib = 0
  return {
    async do(work) {
      child.stdin.write(`${JSON.stringify(work)}\n`)
      const next = await lines.next()
      if (next.done === true) throw new Error(`${command} ended while it did ${JSON.stringify(work)}`)
      const answer = JSON.parse(next.value) as { ms: number; peakKib: number }
      peakKib = answer.peakKib
      return answer.ms
    },
    peakMiB: () => peakKib / 1024,
    async end() {
      child.stdin.end()
      await once(child, 'exit')
    }
  }
}

/** A process of its own for one piece of work, from start to end. */
async function whole(start: () => Client, work: Work): Promise<number> {
  const begin = performance.now()
  const client = start()
  await client.do(work)
  await client.end()
  return performance.now() - begin
}

interface Compared {
  id: string
  work: string
  limit: string
  /** @default faster */
  most?: number | undefined
  /** Calls that one measurement makes. @default 1 */
  turns?: number | undefined
  ours: (round: number, isWhole: boolean) => Work
  theirs: (round: number, isWhole: boolean) => Work
  /** Before each run. */
  settle?: () => void
  /** Minutes of work: measured once for each row, without a pair that does not count. */
  isLong?: boolean
}

/** Both rows of one piece of work. */
async function compare(bench: Bench, clients: { ours: Client; theirs: Client }, compared: Compared): Promise<Row[]> {
  const { id, work, limit, most = 1, turns = 1, settle = () => undefined, isLong = false } = compared
  const count = isLong ? 1 : bench.workspace.pairs
  const bar = most === 1 ? 'faster' : `≤ 1/${Math.round(1 / most)}`
  const shared = { limit, bar }
  const within = await pairs(
    count,
    async (round) => (settle(), (await clients.ours.do(compared.ours(round, false))) / turns),
    async (round) => (settle(), (await clients.theirs.do(compared.theirs(round, false))) / turns),
    { isWarm: isLong }
  )
  const processes = await pairs(
    Math.min(count, 3),
    (round) => (settle(), whole(bench.ours, compared.ours(round, true))),
    (round) => (settle(), whole(bench.theirs, compared.theirs(round, true))),
    { isWarm: isLong }
  )
  const rowOf = (measured: typeof within, suffix: string): Omit<Row, 'peakMiB'> => ({
    ...shared,
    id: `mlflow-${id}`,
    work: `${work}${suffix}`,
    met: measured.ratio < most,
    figure: measured.ratio < 0.1 ? `1/${(1 / measured.ratio).toFixed(0)}; ${formatRatio(measured)}` : formatRatio(measured),
    detail: `${inMs(measured.ours)} against ${inMs(measured.limits)}`
  })
  return [
    { ...rowOf(within, ''), peakMiB: clients.ours.peakMiB() },
    { ...rowOf(processes, turns === 1 ? ', whole process' : `, ${turns} times, whole process`), peakMiB: undefined }
  ]
}

function inMs(ms: number): string {
  return `${ms < 100 ? ms.toFixed(1) : ms.toFixed(0)} ms`
}

/** With a running process of either client. */
async function withClients<T>(bench: Bench, use: (clients: { ours: Client; theirs: Client }) => Promise<T>): Promise<T> {
  const clients = { ours: bench.ours(), theirs: bench.theirs() }
  try {
    return await use(clients)
  } finally {
    await Promise.all([clients.ours.end(), clients.theirs.end()])
  }
}

/** A small model of both, and one call of each kind that does not count. */
async function warmUp({ workspace }: Bench, { ours, theirs }: { ours: Client; theirs: Client }): Promise<void> {
  const folder = freshPath(workspace, 'tiny')
  mkdirSync(folder)
  writeFileSync(join(folder, 'w.bin'), 'one')
  await ours.do({ work: 'log', name: 'warm-up', folder })
  await theirs.do({ work: 'log', name: 'python-warm-up', folder })
}

function fileRows(bench: Bench, kind: 'large' | 'small'): Promise<Row[]> {
  const { workspace } = bench
  const source = writeSource(workspace, kind)
  const what = kind === 'large' ? 'a model of 500 MiB' : `a model of ${SMALL_FILES.toLocaleString('en')} files of 4 KiB`
  const isLong = kind === 'small'
  const name = `log-${kind}`
  const settle = (): void => {
    runShell('sync')
  }
  return withClients(bench, async (clients) => {
    const rows: Row[] = []
    const row = async (compared: Compared): Promise<void> => {
      rows.push(...(await compare(bench, clients, { ...compared, isLong })))
    }
    await row({
      ...{ id: `log-${kind}`, work: `log ${what}`, limit: '`log_artifacts`, `create_model_version`', settle },
      ours: () => ({ work: 'log', name, folder: source }),
      theirs: () => ({ work: 'log', name: `python-${name}`, folder: source })
    })
    await row({
      ...{ id: `cold-${kind}`, work: `fetch ${what}, cold`, limit: '`download_artifacts`', settle },
      ours: (_, isWhole) => ({ work: 'fetch', name, cache: freshPath(workspace, 'cache'), ...(isWhole ? {} : { warmUp: 'warm-up' }) }),
      theirs: () => ({ work: 'fetch', name: `python-${name}`, into: freshPath(workspace, 'fetched') })
    })
    const cache = freshPath(workspace, 'cache')
    await clients.ours.do({ work: 'fetch', name, cache })
    await row({
      ...{ id: `warm-${kind}`, work: `fetch ${what}, warm`, limit: '`download_artifacts` again, to the same folder', most: WARM_BAR, settle },
      ours: (_, isWhole) => ({ work: 'fetch', name, ...(isWhole ? { cache } : {}) }),
      theirs: () => ({ work: 'fetch', name: `python-${name}`, into: join(workspace.root, `again-${kind}`) })
    })
    rmSync(source, { recursive: true })
    return rows
  })
}

function writeSource(workspace: Workspace, kind: 'large' | 'small'): string {
  const folder = freshPath(workspace, kind)
  mkdirSync(folder)
  if (kind === 'large') writeNoise(join(folder, 'w.bin'), LARGE_BYTES, 11)
  else for (let file = 0; file < SMALL_FILES; file++) writeNoise(join(folder, `f${file}`), SMALL_BYTES, file % 256)
  return folder
}

function promoteRows(bench: Bench): Promise<Row[]> {
  return withClients(bench, async (clients) => {
    const tiny = freshPath(bench.workspace, 'tiny')
    mkdirSync(tiny)
    for (const content of ['one', 'two']) {
      writeFileSync(join(tiny, 'w.bin'), content)
      await clients.ours.do({ work: 'log', name: 'moved', folder: tiny })
      await clients.theirs.do({ work: 'log', name: 'python-moved', folder: tiny })
    }
    const ours = (round: number): Work => ({ work: 'promote', name: 'moved', turns: TURNS, first: round * TURNS })
    const same = await compare(bench, clients, {
      ...{ id: 'promote', work: 'promote: history, stages of both versions, alias, tags', turns: TURNS, ours },
      limit: '`transition_model_version_stage`, `set_registered_model_alias`, `set_model_version_tag` of both',
      theirs: (round) => ({ work: 'promote', name: 'python-moved', turns: TURNS, first: round * TURNS })
    })
    const bare = await compare(bench, clients, {
      ...{ id: 'promote-bare', work: 'the same', turns: TURNS, ours },
      limit: '`transition_model_version_stage` alone: no history, no alias, no tags',
      theirs: (round) => ({ work: 'move', name: 'python-moved', turns: TURNS, first: round * TURNS })
    })
    return [...same, ...bare]
  })
}

function searchRows(bench: Bench): Promise<Row[]> {
  return withClients(bench, async (clients) => {
    await clients.ours.do({ work: 'seed', name: 'found', models: MODELS, versions: VERSIONS })
    const query = { turns: TURNS, limit: 20, atLeast: 0.5 }
    const rows: Row[] = []
    // What a user of Python would do; the second gives versions, the first what they were made from.
    for (const work of ['search_models', 'search_runs']) {
      rows.push(
        ...(await compare(bench, clients, {
          ...{ id: `search-${work}`, work: `search ${VERSIONS.toLocaleString('en')} versions by metric`, turns: TURNS },
          limit: work === 'search_models' ? '`search_logged_models`' : '`search_runs`, `search_model_versions`',
          ours: () => ({ work: 'search', ...query }),
          theirs: () => ({ work, experiment: EXPERIMENT, ...query })
        }))
      )
    }
    return rows
  })
}
