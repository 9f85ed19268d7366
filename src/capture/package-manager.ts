import type { Environment } from '../schemas/captured.js'

type PackageManager = NonNullable<Environment['packageManager']>

/** Lockfiles by name, in the order in which the nearest folder is searched. */
export const LOCKFILES: readonly (readonly [name: string, packageManager: string])[] = [
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['deno.lock', 'deno']
]

/**
 * The package manager: the one that started the program (`npm run` says so in `npm_config_user_agent`), else the one that
 * package.json names, else the one that the lockfile is of, then without a version.
 */
export function detectPackageManager(options: {
  userAgent: string | undefined
  declared: string | undefined
  lockfile: string | undefined
}): PackageManager | undefined {
  const [, name, version] =
    /^([a-z]{2,20})\/(\d[\w.+-]{0,40})(?:\s|$)/.exec(options.userAgent ?? '') ?? /^([a-z]{2,20})@(\d[\w.-]{0,40})(?:\+|$)/.exec(options.declared ?? '') ?? []
  if (name !== undefined) return { name, version }
  const known = LOCKFILES.find(([lockfile]) => lockfile === options.lockfile)?.[1]
  return known === undefined ? undefined : { name: known }
}
