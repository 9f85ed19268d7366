import { StemmaError } from '../errors/stemma-error.js'

/**
 * The working folder of the process: where relative paths start.
 *
 * @throws {StemmaError} IO when it was removed.
 */
export function workingFolder(): string {
  try {
    return process.cwd()
  } catch (cause) {
    throw new StemmaError('IO', 'the working folder of this process was removed, so that no relative path leads anywhere', {
      hint: 'Change to a folder that is there, with process.chdir or before the process starts.',
      cause
    })
  }
}
