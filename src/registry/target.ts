import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StemmaError } from '../errors/stemma-error.js'

/** Where a registry is, read from its target. */
export type Target = { kind: 'local'; root: string } | { kind: 'memory' }

/**
 * Reads a registry target: `./dir`, an absolute path, `file:…` or `memory:`.
 *
 * @throws {StemmaError} UNSUPPORTED for `http(s):` and `mlflow…:`, which this release does not open; INVALID_INPUT for anything else.
 */
export function parseTarget(target: string): Target {
  if (typeof target !== 'string') throw noTarget(typeof target)
  if (target === 'memory:') return { kind: 'memory' }
  // A single letter before the colon is a Windows drive, not a scheme.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(target)?.[1]?.toLowerCase()
  if (scheme === undefined && target.trim() !== '' && !target.includes('\0')) return { kind: 'local', root: resolve(target) }
  if (scheme === 'file') return { kind: 'local', root: fileTarget(target) }
  if (scheme !== undefined && /^(https?|mlflow(\+https?)?)$/.test(scheme)) {
    throw new StemmaError('UNSUPPORTED', `registry target: ${scheme} registries are not opened by this release of stemma`, {
      hint: 'use a folder (./models), which several machines can share, or memory: for tests',
      details: { scheme }
    })
  }
  throw noTarget(scheme ? `the scheme ${scheme}:` : target.includes('\0') ? 'a text with a NUL character' : 'an empty text')
}

function noTarget(found: string): StemmaError {
  return new StemmaError('INVALID_INPUT', `registry target: wanted a folder, file:… or memory:, found ${found}`, {
    hint: "for instance openRegistry('./models') or STEMMA_REGISTRY=/srv/models"
  })
}

function fileTarget(target: string): string {
  if (!target.startsWith('file://')) return resolve(target.slice('file:'.length))
  try {
    return fileURLToPath(target)
  } catch (cause) {
    throw new StemmaError('INVALID_INPUT', `registry target: ${target} is not the address of a local folder`, { hint: 'write file:///absolute/folder', cause })
  }
}
