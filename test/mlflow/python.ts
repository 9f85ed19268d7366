import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'

const run = promisify(execFile)
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/stemma-mlflow', import.meta.url))

/** What is installed for each line of MLflow; `--only-binary` keeps compilers out of it. */
const REQUIREMENTS = {
  '3.x': ['mlflow>=3,<4', 'onnx', 'onnxruntime', 'scikit-learn'],
  // Its last release does not hold its database library down by itself.
  '2.x': ['mlflow>=2,<3', 'sqlalchemy<2.1', 'onnx', 'onnxruntime', 'scikit-learn']
} as const

/** The lines of MLflow that everything is proven on. */
export const LINES = ['3.x', '2.x'] as const
/** A line of MLflow. */
export type Line = (typeof LINES)[number]

/**
 * The Python of a virtual environment with these packages, made when it is not there yet. Kept by what was asked for: remove
 * node_modules/.cache/stemma-mlflow to have the newest releases. Throws when anything cannot be installed.
 */
export async function pythonOf(line: Line, more: readonly string[] = []): Promise<string> {
  const requirements = [...REQUIREMENTS[line], ...more]
  const key = createHash('sha256').update(requirements.join('\n')).digest('hex').slice(0, 12)
  const folder = join(CACHE, `${line}-${key}`)
  const python = join(folder, 'bin', 'python')
  const complete = join(folder, 'complete')
  if (existsSync(complete)) return python
  mkdirSync(CACHE, { recursive: true })
  const uv = await uvCommand()
  await run(uv, ['venv', '--clear', '--quiet', '--python', 'python3', folder], { timeout: 120_000 })
  await run(uv, ['pip', 'install', '--quiet', '--python', python, '--only-binary', ':all:', ...requirements], { timeout: 900_000, maxBuffer: 1e8 })
  writeFileSync(complete, requirements.join('\n'))
  return python
}

/** Installs an order of magnitude faster than pip. */
async function uvCommand(): Promise<string> {
  const folder = join(CACHE, 'uv')
  const command = join(folder, 'bin', 'uv')
  if (existsSync(command)) return command
  await run('python3', ['-m', 'venv', '--clear', folder], { timeout: 120_000 })
  await run(join(folder, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', 'uv'], { timeout: 300_000 })
  return command
}

/** Runs a Python program against a server, and gives what it printed as JSON on its last line. */
export async function runPython(line: Line, program: string, args: readonly string[], environment: Readonly<Record<string, string>>): Promise<unknown> {
  const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url))
  const { stdout } = await run(await pythonOf(line), [path, ...args], { env: { ...process.env, ...environment, GIT_PYTHON_REFRESH: 'quiet' }, timeout: 240_000, maxBuffer: 1e8 })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null')
}
