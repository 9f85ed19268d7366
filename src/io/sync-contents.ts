import { closeSync, constants, openSync } from 'node:fs'
import { release } from 'node:os'
import { dirname } from 'node:path'
import { syncAll } from './descriptor.js'
import { isOnLocalFileSystem } from './local-file-systems.js'
import { systemErrorCode } from './system-error.js'

/** From this many files on, one flush of the whole file system is cheaper than one for each file. */
const BATCH_FILES = 64
const CONCURRENCY = 64
const COMMAND = '/bin/sync'
const LIMITS = { timeoutMs: 300_000, maxOutputBytes: 4_096, env: { LC_ALL: 'C' } }

/**
 * Makes the contents of files durable; absent ones count as done.
 *
 * Many files are flushed at once by `sync -f`, which is syncfs(2): 20,000 single flushes take seconds, one for all takes a
 * fraction of one. It is used only where its answer can be trusted. Linux tells of failed writes from 5.8 on. GNU's program
 * passes the failure on; others (BusyBox) ignore it. And some file systems (FUSE, overlay, network) do not carry the call
 * through. In any other case, and whenever it fails for whatever reason, each file is flushed by itself, which reports the
 * failure of exactly that file: so nothing that is lost is taken for stored. One gap is Linux's own: a failed write that
 * another program's syncfs was told of, in the moment before ours begins, is not told again; reading finds it by the digest.
 *
 * @throws the system's own error when a content could not be written.
 */
export async function syncContents(paths: readonly string[]): Promise<void> {
  const folders = new Set(paths.map((path) => dirname(path)))
  if (paths.length >= BATCH_FILES && folders.size < BATCH_FILES / 8 && (await syncFileSystems(folders))) return
  await syncEach(paths)
}

async function syncFileSystems(folders: ReadonlySet<string>): Promise<boolean> {
  if (!(await (reportsFailures ??= commandReportsFailures()))) return false
  const { runCommand } = await loadRunCommand()
  for (const folder of folders) {
    if (!isOnLocalFileSystem(folder)) return false
    try {
      if ((await runCommand(COMMAND, ['-f', '--', folder], LIMITS)).exitCode !== 0) return false
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error
      return false
    }
  }
  return true
}

/** Loaded when it is wanted: what Node needs to start programs takes milliseconds, which a service that only reads does without. */
function loadRunCommand(): Promise<typeof import('./run-command.js')> {
  return import('./run-command.js')
}

let reportsFailures: Promise<boolean> | undefined

async function commandReportsFailures(): Promise<boolean> {
  if (process.platform !== 'linux' || !isLinuxAtLeast58(release())) return false
  try {
    const { runCommand } = await loadRunCommand()
    const { exitCode, stdout } = await runCommand(COMMAND, ['--version'], { ...LIMITS, timeoutMs: 5_000 })
    return exitCode === 0 && new TextDecoder().decode(stdout).startsWith('sync (GNU coreutils)')
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return false
  }
}

async function syncEach(paths: readonly string[]): Promise<void> {
  let next = 0
  let failed = false
  const lane = async (): Promise<void> => {
    for (let path = paths[next++]; path !== undefined && !failed; path = paths[next++]) {
      try {
        await syncOne(path)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(CONCURRENCY, paths.length) }, lane))
  for (const result of lanes) if (result.status === 'rejected') throw result.reason
}

async function syncOne(path: string): Promise<void> {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return
    throw error
  }
  try {
    await syncAll(fd)
  } catch (error) {
    // Windows flushes only what is open for writing; there each content is flushed when it is written.
    if (process.platform !== 'win32' || systemErrorCode(error) !== 'EPERM') throw error
  } finally {
    closeSync(fd)
  }
}

function isLinuxAtLeast58(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map(Number)
  return major > 5 || (major === 5 && minor >= 8)
}
