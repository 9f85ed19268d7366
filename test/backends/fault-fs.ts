import { createHash } from 'node:crypto'
import { readSource } from '../../src/io/read-source.js'
import type { Ingested, StoreFs } from '../../src/io/store-fs.js'
import { changeNames, cutPower, newFolder, syncNames, type FaultFile, type FaultFolder, type FaultNode } from './fault-disk.js'

/** What happens to a step. `acts`: the step is carried out all the same, only its reply is lost. */
export type Fault = { kind: 'die' } | { kind: 'error'; code: string; acts: boolean }

/** How one process meets the disk. */
export interface MountOptions {
  /** Asked before every step; `step` counts from 0 within the mount. */
  fault?: ((step: number, operation: string) => Fault | undefined) | undefined
  /** Waited for before every step: who resolves it decides on the order in which processes act. */
  schedule?: ((operation: string) => Promise<void>) | undefined
  /** Milliseconds since 1970. */
  now: () => number
  /** See `StoreFs.isLocal`. @default true */
  isLocal?: boolean | undefined
  /** Whether it has hard links. @default true */
  hasLinks?: boolean | undefined
}

/** A process's view of the disk. */
export interface FaultMount {
  fs: StoreFs
  /** Ends the process: nothing it does from now on reaches the disk. */
  kill: () => void
  steps(): number
}

/** A disk in memory that several processes share, and that loses what was not synced when the power is cut. */
export interface FaultDisk {
  mount(options: MountOptions): FaultMount
  /** Kills every process and cuts the power; the seed chooses what of the unsynced survives. */
  crash(seed: number): void
}

/** An error as the operating system reports it. */
export function systemError(code: string, operation: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${operation} '${path}'`), { code, syscall: operation, path })
}

/** Makes an empty {@link FaultDisk}; paths are absolute, with `/`. */
export function createFaultDisk(): FaultDisk {
  const root = newFolder()
  const mounts = new Set<() => void>()
  return {
    mount(options) {
      const mount = createMount(root, options)
      mounts.add(mount.kill)
      return mount
    },
    crash(seed) {
      for (const kill of mounts) kill()
      mounts.clear()
      cutPower(root, seed)
    }
  }
}

function createMount(root: FaultFolder, { fault, schedule, now, isLocal = true, hasLinks = true }: MountOptions): FaultMount {
  let isDead = false
  let steps = 0

  const assertAlive = (): void => {
    if (isDead) throw new Error('this process was killed')
  }
  const step = async <T>(operation: string, path: string, act: () => T): Promise<T> => {
    assertAlive()
    await schedule?.(operation)
    assertAlive()
    const happens = fault?.(steps, operation)
    steps += 1
    if (happens?.kind === 'die') isDead = true
    assertAlive()
    if (happens?.kind !== 'error') return act()
    if (happens.acts) act()
    throw systemError(happens.code, operation, path)
  }

  const find = (path: string): FaultNode | undefined => {
    let node: FaultNode | undefined = root
    for (const name of path.split('/').filter(Boolean)) node = node?.kind === 'folder' ? node.names.get(name) : undefined
    return node
  }
  const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
  const folderOf = (path: string): FaultFolder => {
    const folder = find(path.slice(0, path.lastIndexOf('/')))
    if (folder?.kind !== 'folder') throw systemError('ENOENT', 'open', path)
    return folder
  }
  const fileAt = (path: string, operation: string): FaultFile => {
    const node = find(path)
    if (!node) throw systemError('ENOENT', operation, path)
    if (node.kind !== 'file') throw systemError('EISDIR', operation, path)
    return node
  }
  const createFile = (path: string): FaultFile => {
    const folder = folderOf(path)
    if (folder.names.has(nameOf(path))) throw systemError('EEXIST', 'open', path)
    const file: FaultFile = { kind: 'file', bytes: new Uint8Array(), durable: undefined, mtimeMs: now() }
    changeNames(folder, { set: [[nameOf(path), file]], remove: [] })
    return file
  }
  const writeNew = async (path: string, bytes: Uint8Array, sync: boolean): Promise<void> => {
    const file = await step('open', path, () => createFile(path))
    await step('write', path, () => {
      file.bytes = new Uint8Array(bytes)
    })
    if (sync) await step('fsync', path, () => (file.durable = file.bytes))
  }
  const unlink = (path: string): void => {
    const folder = folderOf(path)
    if (!folder.names.has(nameOf(path))) throw systemError('ENOENT', 'unlink', path)
    changeNames(folder, { set: [], remove: [nameOf(path)] })
  }
  const rename = (from: string, to: string): void => {
    const source = folderOf(from)
    const target = folderOf(to)
    const node = source.names.get(nameOf(from))
    if (!node) throw systemError('ENOENT', 'rename', from)
    const replaced = target.names.get(nameOf(to))
    if (node.kind === 'folder' && replaced?.kind === 'file') throw systemError('ENOTDIR', 'rename', to)
    if (node.kind === 'file' && replaced?.kind === 'folder') throw systemError('EISDIR', 'rename', to)
    if (replaced?.kind === 'folder' && replaced.names.size > 0) throw systemError('ENOTEMPTY', 'rename', to)
    if (source === target) {
      changeNames(source, { set: [[nameOf(to), node]], remove: [nameOf(from)] })
      return
    }
    const requires = changeNames(target, { set: [[nameOf(to), node]], remove: [] })
    changeNames(source, { set: [], remove: [nameOf(from)], requires })
  }

  const fs: StoreFs = {
    readFile: (path) => step('read', path, () => (find(path) ? new Uint8Array(fileAt(path, 'read').bytes) : undefined)),
    exists(path) {
      assertAlive()
      return find(path) !== undefined
    },
    stat: (path) =>
      step('stat', path, () => {
        const node = find(path)
        if (!node) return undefined
        return node.kind === 'file'
          ? { sizeBytes: node.bytes.byteLength, mtimeMs: node.mtimeMs, isFile: true }
          : { sizeBytes: 0, mtimeMs: 0, isFile: false }
      }),
    list: (path) =>
      step('readdir', path, () => {
        const node = find(path)
        if (node?.kind === 'file') throw systemError('ENOTDIR', 'readdir', path)
        return [...(node?.names.keys() ?? [])]
      }),
    writeNew: (path, bytes, { sync }) => writeNew(path, bytes, sync),
    async ingest(items, { sync, signal, onProgress }) {
      const written: string[] = []
      const results: Ingested[] = []
      let doneBytes = 0
      try {
        for (const { source, target } of items) {
          signal?.throwIfAborted()
          const bytes = await readSource(source, signal)
          written.push(target)
          await writeNew(target, bytes, sync)
          results.push({ sha256: sha256(bytes), sizeBytes: bytes.byteLength })
          doneBytes += bytes.byteLength
          onProgress?.({ phase: 'store', path: source.label, doneBytes })
        }
        return results
      } catch (error) {
        for (const target of written) await step('unlink', target, () => { unlink(target) }).catch(() => undefined)
        throw error
      }
    },
    hash: (paths) =>
      step('hash', paths[0] ?? '', () => paths.map((path) => (find(path) ? sha256(fileAt(path, 'read').bytes) : undefined))),
    async *openRead(path, { start = 0, signal }) {
      const bytes = await step('read', path, () => fileAt(path, 'open').bytes.slice(start))
      signal?.throwIfAborted()
      if (bytes.byteLength > 0) yield bytes
    },
    link: (from, to) =>
      step('link', to, () => {
        if (!hasLinks) throw systemError('EPERM', 'link', to)
        const node = fileAt(from, 'link')
        const folder = folderOf(to)
        if (folder.names.has(nameOf(to))) throw systemError('EEXIST', 'link', to)
        changeNames(folder, { set: [[nameOf(to), node]], remove: [] })
      }),
    rename: (from, to) =>
      step('rename', to, () => {
        rename(from, to)
      }),
    unlink: (path) =>
      step('unlink', path, () => {
        unlink(path)
      }),
    removeFolder: (path) =>
      step('rmdir', path, () => {
        const node = find(path)
        if (node?.kind === 'file') throw systemError('ENOTDIR', 'rmdir', path)
        if (node && node.names.size > 0) throw systemError('ENOTEMPTY', 'rmdir', path)
        unlink(path)
      }),
    async makeFolder(path, { sync }) {
      const made: FaultFolder[] = []
      let folder = root
      for (const name of path.split('/').filter(Boolean)) {
        const found = folder.names.get(name)
        if (found?.kind === 'file') throw systemError('ENOTDIR', 'mkdir', path)
        const above = folder
        if (found) {
          folder = found
          continue
        }
        folder = await step('mkdir', path, () => {
          const again = above.names.get(name)
          if (again?.kind === 'folder') return again
          const fresh = newFolder()
          changeNames(above, { set: [[name, fresh]], remove: [] })
          return fresh
        })
        made.push(above)
      }
      if (sync) for (const above of made) await step('fsync', path, () => { syncNames(above) })
    },
    syncFolder: (path) =>
      step('fsync', path, () => {
        const node = find(path)
        if (node?.kind !== 'folder') throw systemError('ENOENT', 'open', path)
        syncNames(node)
      }),
    async syncFiles(paths) {
      for (const path of paths) {
        await step('fsync', path, () => {
          const node = find(path)
          if (node?.kind === 'file') node.durable = node.bytes
        })
      }
    },
    touch: (path, timeMs) =>
      step('utimes', path, () => {
        fileAt(path, 'utimes').mtimeMs = timeMs
      }),
    isLocal: () => isLocal,
    waitForChange: (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => { reject(signal.reason as Error) }, { once: true })
      })
  }
  return {
    fs,
    kill: () => {
      isDead = true
    },
    steps: () => steps
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
