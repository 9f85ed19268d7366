import { describe, expect, it } from 'vitest'
import { defaultCacheRoot } from '../../src/artifacts/cache-root.js'

describe.runIf(process.platform !== 'win32')('defaultCacheRoot', () => {
  it.each([
    ['linux', {}, '/users/u/.cache/stemma'],
    ['darwin', {}, '/users/u/Library/Caches/stemma'],
    ['win32', { LOCALAPPDATA: '/appdata' }, '/appdata/stemma/cache'],
    ['win32', {}, '/users/u/AppData/Local/stemma/cache'],
    ['linux', { XDG_CACHE_HOME: '/xdg' }, '/xdg/stemma'],
    ['darwin', { XDG_CACHE_HOME: '/xdg' }, '/xdg/stemma'],
    ['linux', { XDG_CACHE_HOME: 'relative' }, '/users/u/.cache/stemma'],
    ['linux', { STEMMA_CACHE: '/mine', XDG_CACHE_HOME: '/xdg' }, '/mine'],
    ['linux', { STEMMA_CACHE: '', XDG_CACHE_HOME: '' }, '/users/u/.cache/stemma']
  ])('%s %j', (platform, environment, expected) => {
    expect(defaultCacheRoot(environment, '/users/u', platform)).toBe(expected)
  })
})
