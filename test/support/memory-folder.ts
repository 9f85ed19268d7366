import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

const MEMORY = '/dev/shm'
/** More than all files of the tests together that are there at a time. */
const ENOUGH_BYTES = 1_073_741_824

/**
 * Lets temporary folders of the tests lie in memory, where a machine has such a place. Nothing that the tests ask can tell it from a
 * disk, but each flush to one is waited for. What they leave is removed at the end.
 */
export default function setup(): (() => void) | undefined {
  if (process.env['STEMMA_TEST_ON_DISK'] !== undefined || !hasRoom()) return undefined
  const before = process.env['TMPDIR']
  const folder = mkdtempSync(join(MEMORY, 'stemma-test-'))
  // As /tmp is: some tests give up the rights of root.
  chmodSync(folder, 0o1777)
  process.env['TMPDIR'] = folder
  return () => {
    if (before === undefined) Reflect.deleteProperty(process.env, 'TMPDIR')
    else process.env['TMPDIR'] = before
    rmSync(folder, { recursive: true, force: true })
  }
}

function hasRoom(): boolean {
  if (!existsSync(MEMORY)) return false
  const { bavail, bsize } = statfsSync(MEMORY)
  return bavail * bsize > ENOUGH_BYTES
}
