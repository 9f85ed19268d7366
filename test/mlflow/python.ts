import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import type { Line } from './line.js'

const run = promisify(execFile)
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/stemma-mlflow', import.meta.url))

/** What is installed for each line of MLflow: what its servers need for users and for S3, and what the programs in Python need. */
const REQUIREMENTS: Readonly<Record<Line, readonly string[]>> = {
  '3.x': ['mlflow>=3,<4', 'flask-wtf', 'boto3', 'onnx', 'onnxruntime', 'scikit-learn', 'moto[s3]', 'flask-cors'],
  // Its last release does not hold its database library down by itself.
  '2.x': ['mlflow>=2,<3', 'sqlalchemy<2.1', 'flask-wtf', 'boto3', 'onnx', 'onnxruntime', 'scikit-learn']
}

/**
 * The Python of a virtual environment with the newest releases of a line. Which these are the package index is asked each time; what was
 * installed is kept by their numbers. Throws when anything cannot be installed.
 */
export async function installMlflow(line: Line): Promise<string> {
  await mkdir(CACHE, { recursive: true })
  const uv = await uvCommand()
  const pins = await resolvePins(uv, line)
  const key = createHash('sha256').update(pins).digest('hex').slice(0, 12)
  const folder = join(CACHE, `${line}-${key}`)
  if (!existsSync(folder)) await installTo(folder, uv, pins)
  return join(folder, 'bin', 'python')
}

async function resolvePins(uv: string, line: Line): Promise<string> {
  const wanted = join(CACHE, `wanted-${line}-${process.pid}.txt`)
  await writeFile(wanted, REQUIREMENTS[line].join('\n'))
  try {
    // `--only-binary` keeps compilers out of it.
    const args = ['pip', 'compile', '--quiet', '--no-header', '--no-annotate', '--python', 'python3', '--only-binary', ':all:', wanted]
    const { stdout } = await run(uv, args, { timeout: 120_000, maxBuffer: 1e8 })
    return stdout
  } finally {
    await rm(wanted, { force: true })
  }
}

/** Beside it, and moved when it is complete: another run may do the same. */
async function installTo(folder: string, uv: string, pins: string): Promise<void> {
  const draft = `${folder}.${process.pid}`
  const requirements = `${draft}.txt`
  try {
    await writeFile(requirements, pins)
    await run(uv, ['venv', '--clear', '--quiet', '--relocatable', '--python', 'python3', draft], { timeout: 120_000 })
    const args = ['pip', 'install', '--quiet', '--python', join(draft, 'bin', 'python'), '--only-binary', ':all:', '--requirement', requirements]
    await run(uv, args, { timeout: 900_000, maxBuffer: 1e8 })
    await rename(draft, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(requirements, { force: true })
    await rm(draft, { recursive: true, force: true })
  }
}

/** Installs an order of magnitude faster than pip, which gets it. */
async function uvCommand(): Promise<string> {
  const folder = join(CACHE, 'uv')
  const command = join(folder, 'bin', 'uv')
  if (existsSync(command)) return command
  await run('python3', ['-m', 'venv', '--clear', folder], { timeout: 120_000 })
  await run(join(folder, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', 'uv'], { timeout: 300_000 })
  return command
}

/** Runs a Python program, and gives what it printed as JSON on its last line. */
export async function runPython(python: string, program: string, args: readonly string[], environment: Readonly<Record<string, string>>): Promise<unknown> {
  const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url))
  const { stdout } = await run(python, [path, ...args], { env: { ...pythonEnvironment(), ...environment, GIT_PYTHON_REFRESH: 'quiet' }, timeout: 240_000, maxBuffer: 1e8 })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null')
}

/** That of this process, but Python keeps what it compiled: MLflow starts in half the time then. */
export function pythonEnvironment(): Record<string, string | undefined> {
  return { ...process.env, PYTHONDONTWRITEBYTECODE: undefined, MLFLOW_DISABLE_TELEMETRY: 'true' }
}
