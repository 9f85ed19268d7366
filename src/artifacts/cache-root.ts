import { isAbsolute, join, resolve } from 'node:path'

/**
 * Where the cache of models lies unless a program says otherwise: `STEMMA_CACHE`; else `stemma` in `XDG_CACHE_HOME` (if that is
 * absolute, as its specification wants); else the platform's place: `~/Library/Caches` on macOS, `LOCALAPPDATA` on Windows,
 * `~/.cache` elsewhere. An empty variable counts as none.
 *
 * @param environment variables of the process
 * @param home the user's home folder
 * @param platform as `process.platform` says it
 */
export function defaultCacheRoot(
  environment: Readonly<Record<string, string | undefined>>,
  home: string,
  platform: string = process.platform
): string {
  const { STEMMA_CACHE: own, XDG_CACHE_HOME: xdg, LOCALAPPDATA: windows } = environment
  if (own) return resolve(own)
  if (xdg && isAbsolute(xdg)) return join(xdg, 'stemma')
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'stemma')
  if (platform === 'win32') return join(windows ? windows : join(home, 'AppData', 'Local'), 'stemma', 'cache')
  return join(home, '.cache', 'stemma')
}
