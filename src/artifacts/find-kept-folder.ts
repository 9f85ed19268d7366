import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { MAX_FILES } from './walk-folder.js'

/** Why a folder must not be removed. */
export interface KeptFolder {
  /** Absolute. */
  path: string
  /** `too much` tells nothing of this folder, but that more is in the one that was searched than a model can be. */
  kind: 'registry' | 'queued model' | 'git repository' | 'too much'
}

/**
 * Searches a folder that would be removed, and all below, for one that must stay. Links are not followed, as they are not when a folder is removed.
 * Without awaiting anything: between the search and the removal nothing of this process can be put into it.
 *
 * @param maxEntries files and folders together that are looked at. @default as many files and as many folders as a version may have
 * @returns undefined when all of it may go. What is larger than any model may not: it is something else.
 * @throws the error of the system when a folder cannot be read
 */
export function findKeptFolder(dir: string, maxEntries = 2 * MAX_FILES): KeptFolder | undefined {
  const folders = [dir]
  let looked = 0
  for (let path = folders.pop(); path !== undefined; path = folders.pop()) {
    const entries = readdirSync(path, { withFileTypes: true })
    looked += entries.length
    if (looked > maxEntries) return { path, kind: 'too much' }
    const names = new Set(entries.map(({ name }) => name))
    if (names.has('.git')) return { path, kind: 'git repository' }
    if (isStore(path)) return { path, kind: 'registry' }
    if (names.has('queued.json') && names.has('store')) return { path, kind: 'queued model' }
    for (const entry of entries) if (entry.isDirectory()) folders.push(join(path, entry.name))
  }
  return undefined
}

/** Whether a folder is a registry. Not by `store.json` alone: a model may have a file of this name. */
export function isStore(folder: string): boolean {
  return existsSync(join(folder, 'store.json')) && existsSync(join(folder, 'blobs', 'sha256'))
}
