import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { formatRatio, median, pairs, runProgram, runShell, type Row, type Run } from '../measure.js'
import { serveNginx, serveStemma, type Served } from '../served.js'
import { freshPath, program, writeManyFiles, writeNoise, type Workspace } from '../workspace.js'

const GIB = 1024 ** 3
const FILES = 100
const MOST_MIB = 150

/** A registry over HTTP on loopback, client and server being processes of their own, the store on the same disk as the limit's files. */
export async function httpRows(workspace: Workspace): Promise<Row[]> {
  const bench: HttpBench = { workspace, large: freshPath(workspace, 'large'), nginx: await serveNginx(workspace) }
  mkdirSync(bench.large)
  writeNoise(join(bench.large, 'w.bin'), GIB, 5)
  const rows: Row[] = []
  try {
    if (bench.nginx === undefined) rows.push(notMeasured('push and pull of 1 GiB over loopback', 'nginx', 'nginx is not installed'))
    else rows.push(await pushRow(bench, bench.nginx), await pullRow(bench, bench.nginx))
  } finally {
    await bench.nginx?.stop()
  }
  rmSync(bench.large, { recursive: true })
  rows.push(await mostlyThereRow(workspace), await manyFilesRow(workspace))
  for (const clients of [1, 32]) rows.push(await transitionsRow(workspace, clients))
  rows.push(await servicesRow(workspace))
  return rows
}

type Nginx = NonNullable<Awaited<ReturnType<typeof serveNginx>>>

interface HttpBench {
  workspace: Workspace
  large: string
  nginx: Nginx | undefined
}

const node = (name: string, ...args: string[]): Run => runProgram(process.execPath, [program(name), ...args])

function figure(run: Run, name: string): number {
  return Number(new RegExp(`^${name} ([\\d.]+)$`, 'm').exec(run.output)?.[1])
}

async function pushRow({ workspace, large }: HttpBench, nginx: Nginx): Promise<Row> {
  let [clientMiB, serverMiB] = [0, 0]
  const measured = await pairs(
    workspace.pairs,
    async () => {
      const store = freshPath(workspace, 'store')
      const server = await serveStemma(store)
      runShell('sync')
      const run = node('http-push', server.url, large, freshPath(workspace, 'cache'))
      ;[clientMiB, serverMiB] = [Math.max(clientMiB, run.peakMiB ?? 0), Math.max(serverMiB, server.peakMiB())]
      await server.stop()
      rmSync(store, { recursive: true })
      return run.wallMs
    },
    (round) => {
      runShell('sync')
      const { wallMs } = runShell(
        `openssl dgst -sha256 ${large}/w.bin && curl -sf -H Expect: -T ${large}/w.bin ${nginx.url}/up-${round} && sync -d ${nginx.root}/up-${round}`
      )
      rmSync(join(nginx.root, `up-${round}`))
      return wallMs
    }
  )
  return {
    id: 'http-push',
    work: 'push of 1 GiB over loopback: hash, upload, hash at the server, durable',
    limit: '`openssl dgst`, `curl -T` to nginx (dav), `sync -d`',
    ...barOf('≤ 1.5 ×', measured.ratio <= 1.5, clientMiB, serverMiB),
    figure: formatRatio(measured),
    detail: `${measured.ours.toFixed(0)} ms against ${measured.limits.toFixed(0)} ms; peak of the server ${serverMiB.toFixed(0)} MiB`
  }
}

async function pullRow({ workspace, large }: HttpBench, nginx: Nginx): Promise<Row> {
  const server = await serveStemma(freshPath(workspace, 'store'))
  node('http-push', server.url, large, freshPath(workspace, 'cache'))
  runShell(`cp ${large}/w.bin ${nginx.root}/down.bin`)
  let clientMiB = 0
  const measured = await pairs(
    workspace.pairs,
    () => {
      const cache = freshPath(workspace, 'cache')
      runShell('sync')
      const run = node('http-pull', server.url, cache)
      clientMiB = Math.max(clientMiB, run.peakMiB ?? 0)
      rmSync(cache, { recursive: true })
      return run.wallMs
    },
    () => {
      const copy = freshPath(workspace, 'copy')
      runShell('sync')
      const { wallMs } = runShell(`curl -sf -o ${copy} ${nginx.url}/down.bin && openssl dgst -sha256 ${copy}`)
      rmSync(copy)
      return wallMs
    }
  )
  const serverMiB = server.peakMiB()
  await server.stop()
  return {
    id: 'http-pull',
    work: 'pull of 1 GiB over loopback into the cache, verified',
    limit: '`curl -o` from nginx, `openssl dgst`',
    ...barOf('≤ 1.1 ×', measured.ratio <= 1.1, clientMiB, serverMiB),
    figure: formatRatio(measured),
    detail: `${measured.ours.toFixed(0)} ms against ${measured.limits.toFixed(0)} ms; peak of the server ${serverMiB.toFixed(0)} MiB`
  }
}

/** The times of `logModel` alone: the start of a process would be most of it. */
async function mostlyThereRow(workspace: Workspace): Promise<Row> {
  const folder = freshPath(workspace, 'parts')
  mkdirSync(folder)
  for (let file = 0; file < FILES; file++) writeNoise(join(folder, `part-${file}`), Math.floor(GIB / FILES / 4096) * 4096, file + 10)
  // Files that were written a moment ago are hashed the next time too.
  runShell('sync; sleep 3')
  let [clientMiB, serverMiB] = [0, 0]
  const full: number[] = []
  const again: number[] = []
  for (let round = 0; round <= workspace.pairs; round++) {
    const store = freshPath(workspace, 'store')
    const cache = freshPath(workspace, 'cache')
    const server = await serveStemma(store)
    const first = node('http-push', server.url, folder, cache)
    writeFileSync(join(folder, `part-${round % FILES}`), randomBytes(Math.floor(GIB / FILES / 4096) * 4096))
    runShell('sync')
    const second = node('http-push', server.url, folder, cache)
    clientMiB = Math.max(clientMiB, first.peakMiB ?? 0, second.peakMiB ?? 0)
    serverMiB = Math.max(serverMiB, server.peakMiB())
    await server.stop()
    rmSync(store, { recursive: true })
    if (round === 0) continue
    full.push(figure(first, 'took-ms'))
    again.push(figure(second, 'took-ms'))
  }
  const ratio = median(again.map((ms, index) => ms / (full[index] ?? Number.NaN)))
  return {
    id: 'http-mostly-there',
    work: 'push of a version of 1 GiB, in 100 files, of which 99 % is there',
    limit: 'a full push of it',
    ...barOf('≤ 5 %', ratio <= 0.05, clientMiB, serverMiB),
    figure: `${(ratio * 100).toFixed(1)} %`,
    detail: `logModel alone ${median(again).toFixed(0)} ms against ${median(full).toFixed(0)} ms; peak of the server ${serverMiB.toFixed(0)} MiB`
  }
}

async function manyFilesRow(workspace: Workspace): Promise<Row> {
  const many = freshPath(workspace, 'many')
  writeManyFiles(many)
  const server = await serveStemma(freshPath(workspace, 'store'))
  const before = await requestsOf(server)
  const run = node('http-push', server.url, many, freshPath(workspace, 'cache'))
  const requests = (await requestsOf(server)) - before
  const serverMiB = server.peakMiB()
  await server.stop()
  return {
    id: 'http-many',
    work: 'push of 20,000 files of 4 KiB over loopback, durable',
    limit: '–',
    ...barOf('≤ 500 requests', requests <= 500, run.peakMiB ?? Infinity, serverMiB),
    figure: `${requests} requests`,
    detail: `${run.wallMs.toFixed(0)} ms; peak of the server ${serverMiB.toFixed(0)} MiB`
  }
}

async function requestsOf({ url }: Served): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return [...text.matchAll(/^stemma_http_requests_total\{[^}]*\} (\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0)
}

async function transitionsRow(workspace: Workspace, clients: number): Promise<Row> {
  const total = clients === 1 ? '3000' : '6400'
  const server = await serveStemma(freshPath(workspace, 'store'))
  const local = freshPath(workspace, 'store')
  let clientMiB = 0
  const measured = await pairs(
    workspace.pairs,
    () => {
      const run = node('http-transitions', server.url, String(clients), total)
      clientMiB = Math.max(clientMiB, run.peakMiB ?? 0)
      return figure(run, 'rate')
    },
    () => figure(node('http-transitions', local, String(clients), total), 'rate')
  )
  const serverMiB = server.peakMiB()
  await server.stop()
  return {
    id: `http-transitions-${clients}`,
    work: `transitions by ${clients === 1 ? 'one client' : `${clients} clients`} over loopback, durable`,
    limit: 'the local backend on the same disk',
    ...barOf('≥ 0.5 × its rate', measured.ratio >= 0.5, clientMiB, serverMiB),
    figure: formatRatio(measured),
    detail: `${measured.ours.toFixed(0)}/s against ${measured.limits.toFixed(0)}/s; none failed; peak of the server ${serverMiB.toFixed(0)} MiB`
  }
}

async function servicesRow(workspace: Workspace): Promise<Row> {
  const server = await serveStemma(freshPath(workspace, 'store'))
  const run = node('http-services', server.url, '200', freshPath(workspace, 'cache'))
  const serverMiB = server.peakMiB()
  await server.stop()
  const tookMs = figure(run, 'took-ms')
  return {
    id: 'http-services',
    work: '200 services start at once from one server, warm cache',
    limit: '–',
    bar: '≤ 5 s, server ≤ 250 MiB',
    met: tookMs <= 5_000 && serverMiB <= 250,
    figure: `${(tookMs / 1000).toFixed(2)} s`,
    detail: `200 clients in one process; peak of the server ${serverMiB.toFixed(0)} MiB`,
    peakMiB: run.peakMiB
  }
}

/** A bar of time or number, and that of memory, which each of the two programs has to meet in every row. */
function barOf(bar: string, isMet: boolean, clientMiB: number, serverMiB: number): Pick<Row, 'bar' | 'met' | 'peakMiB'> {
  return { bar: `${bar}, each ≤ ${MOST_MIB} MiB`, met: isMet && Math.max(clientMiB, serverMiB) <= MOST_MIB, peakMiB: clientMiB }
}

function notMeasured(work: string, limit: string, why: string): Row {
  return { id: 'http-nginx', work, limit, bar: '–', met: undefined, figure: 'not measured', detail: why, peakMiB: undefined }
}
