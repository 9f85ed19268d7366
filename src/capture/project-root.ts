import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/**
 * The root of the project that a folder belongs to: the nearest folder, from `start` upwards, with a package.json or a .git;
 * `start` itself when there is none.
 */
export function findProjectRoot(start: string): string {
  const first = resolve(start)
  for (let folder = first; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) || existsSync(join(folder, '.git'))) return folder
    if (dirname(folder) === folder) return first
  }
}
