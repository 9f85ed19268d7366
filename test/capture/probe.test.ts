import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemProbe, type Probe } from '../../src/capture/probe.js'
import { systemSources } from '../../src/util/sources.js'

const LARGE_BYTES = 1_500_000
let folder: string
let probe: Probe
const at = (name: string): string => join(folder, name)

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stemma-probe-'))
  writeFileSync(at('small'), 'text')
  writeFileSync(at('large'), Buffer.alloc(LARGE_BYTES, 'x'))
  mkdirSync(at('folder'))
  symlinkSync(at('small'), at('link'))
  probe = systemProbe({ variables: {}, sources: systemSources, commandTimeoutMs: 1_000 })
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('systemProbe', () => {
  it('reads a file whole, whether it is small or large', async () => {
    expect(await probe.readText(at('small'))).toBe('text')
    expect(await probe.readText(at('link'))).toBe('text')
    expect((await probe.readBytes(at('large'), LARGE_BYTES))?.byteLength).toBe(LARGE_BYTES)
  })

  it('has nothing of a file that is larger than it may be, absent, or none', async () => {
    expect(await probe.readBytes(at('small'), 3)).toBeUndefined()
    expect(await probe.readBytes(at('large'))).toBeUndefined()
    expect(await probe.readBytes(at('absent'))).toBeUndefined()
    expect(await probe.readBytes(at('folder'))).toBeUndefined()
  })

  it.runIf(process.platform === 'linux')('reads files of /proc, which say that they are empty, and waits for no FIFO', async () => {
    expect(await probe.readText('/proc/self/status')).toContain('VmRSS')
    expect(await probe.readBytes('/proc/self/status', 10)).toBeUndefined()
    execFileSync('mkfifo', [at('pipe')])
    expect(await probe.readBytes(at('pipe'))).toBeUndefined()
  })

  it('tells the size of regular files only, and what exists', async () => {
    expect(await Promise.all(['small', 'link', 'folder', 'absent'].map((name) => probe.sizeOf(at(name))))).toEqual([4, undefined, undefined, undefined])
    expect(await Promise.all(['small', 'folder', 'absent'].map((name) => probe.exists(at(name))))).toEqual([true, true, false])
  })

  it('lists names in order, and none of what is no folder', async () => {
    expect(await probe.names(folder)).toEqual(expect.arrayContaining(['folder', 'large', 'link', 'small']))
    expect(await probe.names(at('small'))).toEqual([])
  })
})
