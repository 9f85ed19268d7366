import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { syncAll } from '../../src/io/descriptor.js'
import { runCommand, type CommandResult } from '../../src/io/run-command.js'

vi.mock('../../src/io/run-command.js', () => ({ runCommand: vi.fn() }))
vi.mock('../../src/io/descriptor.js', async (original) => ({ ...(await original<object>()), syncAll: vi.fn(() => Promise.resolve()) }))

const GNU = 'sync (GNU coreutils) 9.1\n'
const answer = (exitCode: number, stdout = ''): CommandResult => ({ exitCode, ended: 'exited', stdout: new TextEncoder().encode(stdout), stderr: '' })
let folder: string
let paths: string[]

/** A fresh copy each time: what the command can do is asked once a process. */
async function load(version: CommandResult, flush: CommandResult | Error): Promise<(paths: readonly string[]) => Promise<void>> {
  vi.resetModules()
  vi.mocked(runCommand).mockReset()
  vi.mocked(runCommand).mockImplementation((_, [option]) => {
    if (option === '--version') return Promise.resolve(version)
    return flush instanceof Error ? Promise.reject(flush) : Promise.resolve(flush)
  })
  return (await import('../../src/io/sync-contents.js')).syncContents
}
const flushes = (): readonly (readonly string[])[] =>
  vi.mocked(runCommand).mock.calls.map(([, args]) => args).filter(([option]) => option === '-f')

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-sync-'))
  paths = Array.from({ length: 64 }, (_, index) => join(folder, `f${index}`))
  for (const path of paths) await writeFile(path, 'x')
  vi.mocked(syncAll).mockReset().mockResolvedValue(undefined)
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe.runIf(process.platform === 'linux')('syncContents', () => {
  it('flushes many files at once, and few one by one', async () => {
    const syncContents = await load(answer(0, GNU), answer(0))
    await syncContents(paths)
    expect(flushes()).toEqual([['-f', '--', folder]])
    expect(syncAll).not.toHaveBeenCalled()
    await syncContents(paths.slice(0, 63))
    expect(flushes()).toHaveLength(1)
    expect(syncAll).toHaveBeenCalledTimes(63)
  })

  it.each([
    ['it fails', answer(0, GNU), answer(1)],
    ['it cannot be started', answer(0, GNU), Object.assign(new Error('x'), { code: 'ENOENT', syscall: 'spawn' })],
    ['it is not one that tells failures', answer(1, 'BusyBox v1.36'), answer(0)]
  ])('flushes each file when the command is of no use: %s', async (_, version, flush) => {
    const syncContents = await load(version, flush)
    await syncContents(paths)
    expect(syncAll).toHaveBeenCalledTimes(64)
  })

  it('fails when a content could not be written', async () => {
    const syncContents = await load(answer(0, GNU), answer(1))
    const lost = Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fsync' })
    vi.mocked(syncAll).mockResolvedValueOnce(undefined).mockRejectedValueOnce(lost)
    await expect(syncContents(paths)).rejects.toBe(lost)
  })
})
