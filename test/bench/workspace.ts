import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createCipheriv } from 'node:crypto'
import { fileURLToPath } from 'node:url'

/** Where a benchmark works: a folder on a real disk, and how many pairs it measures. */
export interface Workspace {
  /** Removed at the end. Never reused between rounds: ext4 creates files slowly for seconds after many were removed. */
  root: string
  pairs: number
}

let serial = 0

/** A path in the workspace that was never used before. */
export function freshPath(workspace: Workspace, name: string): string {
  return join(workspace.root, `${name}-${serial++}`)
}

/** Absolute path of a program of this folder. */
export function program(name: string): string {
  return fileURLToPath(new URL(`programs/${name}.mjs`, import.meta.url))
}

/** Writes a file of bytes that do not compress and are the same in every run: a cipher stream of the seed. */
export function writeNoise(path: string, sizeBytes: number, seed: number): void {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16))
  const zeros = Buffer.alloc(Math.min(sizeBytes, 1024 * 1024))
  const file = openSync(path, 'wx')
  for (let left = sizeBytes; left > 0; left -= zeros.length) writeSync(file, cipher.update(zeros.subarray(0, Math.min(left, zeros.length))))
  closeSync(file)
}

/** Writes 20,000 files of 4 KiB in 100 folders. */
export function writeManyFiles(folder: string): void {
  for (let directory = 0; directory < 100; directory++) {
    mkdirSync(join(folder, `d${directory}`), { recursive: true })
    for (let file = 0; file < 200; file++) {
      const bytes = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.from(`${directory}/${file}`.padEnd(16))).update(Buffer.alloc(4096))
      const target = openSync(join(folder, `d${directory}`, `f${file}`), 'wx')
      writeSync(target, bytes)
      closeSync(target)
    }
  }
}
