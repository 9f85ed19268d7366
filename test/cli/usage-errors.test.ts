import { describe, expect, it } from 'vitest'
import { runStemma as run } from '../support/fake-terminal.js'

describe('a wrong command line', () => {
  it('is told where the help of its command is', async () => {
    expect((await run(['delete', 'spam@1.0.0'])).err).toContain('(stemma delete --help ')
    expect((await run(['token', 'create'])).err).toContain('(stemma token create --help ')
    expect((await run(['nothing'])).err).toContain('(stemma --help ')
  })

  it('is told in its own words, not in those of the library', async () => {
    const tag = await run(['tag', 'spam'])
    expect([tag.code, tag.err.split('\n')[0]]).toEqual([2, 'stemma: wanted tags to set, name=value, or --remove <name>'])
    const gc = await run(['gc', '--grace', '0.5'])
    expect(gc.code).toBe(2)
    expect(gc.err).toMatch(/^stemma: option '--grace <hours>' wants at least 1: /)
    expect(gc.err).not.toContain('graceMs')
  })
})
