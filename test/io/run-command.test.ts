import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCommand } from '../../src/io/run-command.js'
import { systemSources, type Sources } from '../../src/util/sources.js'

const limits = { timeoutMs: 20_000, maxOutputBytes: 10_000 }
const node = process.execPath
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const forever = 'setInterval(() => {}, 1000)'
const timeoutAtOnce: Sources = { ...systemSources, sleep: () => Promise.resolve() }

describe('runCommand', () => {
  it('gives the exit code and both outputs', async () => {
    const result = await runCommand(node, ['-e', 'console.log("out"); console.error("err"); process.exitCode = 3'], limits)
    expect({ ...result, stdout: text(result.stdout) }).toEqual({ exitCode: 3, ended: 'exited', stdout: 'out\n', stderr: 'err\n' })
  })

  it('passes arguments through no shell', async () => {
    const hostile = ['$(touch x)', '; exit 9', 'a b', '"', "'", '*', '%PATH%']
    const { stdout } = await runCommand(node, ['-e', 'console.log(JSON.stringify(process.argv.slice(1)))', ...hostile], limits)
    expect(JSON.parse(text(stdout))).toEqual(hostile)
  })

  it('gives the program that environment, that folder and no input', async () => {
    const cwd = await realpath(await mkdtemp(join(tmpdir(), 'stemma-run-')))
    const program = 'const e = process.env; console.log(process.cwd(), e.ONLY, e.HOME, require("fs").readFileSync(0).length)'
    const { stdout } = await runCommand(node, ['-e', program], { ...limits, cwd, env: { ONLY: 'this' } })
    expect(text(stdout)).toBe(`${cwd} this undefined 0\n`)
    await rm(cwd, { recursive: true })
  })

  it('rejects with the error of the system for a program that is not there', async () => {
    await expect(runCommand('no-such-program-of-stemma', [], limits)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('kills a program that takes too long', async () => {
    const result = await runCommand(node, ['-e', forever], { ...limits, sources: timeoutAtOnce })
    expect(result).toMatchObject({ exitCode: null, ended: 'timeout' })
  })

  it('kills a program that writes too much, and keeps what fits', async () => {
    const program = 'process.stdout.write("x".repeat(50000)); ' + forever
    const result = await runCommand(node, ['-e', program], { timeoutMs: 20_000, maxOutputBytes: 100 })
    expect(result).toMatchObject({ exitCode: null, ended: 'output-limit' })
    expect(text(result.stdout)).toBe('x'.repeat(100))
  })

  it('tells a program that was killed by someone else', async () => {
    const result = await runCommand(node, ['-e', 'process.kill(process.pid, "SIGKILL")'], limits)
    expect(result).toMatchObject({ exitCode: null, ended: 'signal' })
  })

  it('does not wait for what the program left behind', async () => {
    const program = `require("child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 1500)"], { stdio: "inherit" }); ${forever}`
    const result = await runCommand(node, ['-e', program], { ...limits, timeoutMs: 300 })
    expect(result.ended).toBe('timeout')
  })

  it('rejects with the reason of the signal, before and while it runs', async () => {
    const reason = new Error('enough')
    await expect(runCommand(node, ['-e', ''], { ...limits, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const running = runCommand(node, ['-e', forever], { ...limits, signal: controller.signal })
    controller.abort(reason)
    await expect(running).rejects.toBe(reason)
  })
})
