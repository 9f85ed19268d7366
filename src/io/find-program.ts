import { access, constants } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'

/** What {@link findProgram} looks at. */
export interface FindProgramOptions {
  /** Variables that hold PATH and, on Windows, PATHEXT. */
  variables: Readonly<Record<string, string | undefined>>
  platform: NodeJS.Platform
}

/**
 * The absolute path of a program on the PATH, `undefined` when it is not there. Only absolute entries of the PATH count, so
 * that a program that lies in the working folder, which Windows would prefer, is never the one that runs.
 */
export async function findProgram(name: string, options: FindProgramOptions): Promise<string | undefined> {
  const windows = options.platform === 'win32'
  const variable = (wanted: string): string | undefined => {
    const key = windows ? Object.keys(options.variables).find((candidate) => candidate.toUpperCase() === wanted) : wanted
    return key === undefined ? undefined : options.variables[key]
  }
  const endings = windows ? (variable('PATHEXT') ?? '.COM;.EXE').split(';').filter((ending) => /^\.(com|exe)$/i.test(ending)) : ['']
  for (const folder of (variable('PATH') ?? '').split(delimiter)) {
    if (!isAbsolute(folder)) continue
    for (const ending of endings) {
      const path = join(folder, name + ending)
      if (await isExecutable(path)) return path
    }
  }
  return undefined
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
