import { createHash } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRegistry } from '../../src/registry/open-registry.js'
import type { Registry } from '../../src/registry/registry.js'
import { all, errorOf, logSmall, temporaryFolder, testRegistry } from '../support/test-registry.js'

const eventPath = (root: string, n: number): string => join(root, 'models', 'm', 'log', `${String(n).padStart(20, '0')}.json`)

/** Replaces an event by one with a right checksum and a wrong content. */
function forge(root: string, n: number, change: (line: string) => string): void {
  const path = eventPath(root, n)
  const line = change(readFileSync(path, 'utf8').split('\n', 1)[0] ?? '')
  replace(path, `${line}\nsha256:${createHash('sha256').update(line).digest('hex')}\n`)
}

function replace(path: string, content: string): void {
  rmSync(path, { recursive: true, force: true })
  writeFileSync(path, content)
}

/** A sparse file: it has a size, and takes no room. */
function writeHuge(path: string, sizeBytes = 8_000_000_000): void {
  replace(path, '')
  truncateSync(path, sizeBytes)
}

/** A store with a version, a second one, and an open registry that has read nothing of it yet. */
async function attacked(attack: (root: string) => void): Promise<{ registry: Registry; root: string }> {
  const root = join(temporaryFolder(), 'store')
  const writer = await testRegistry(root)
  await logSmall(writer, 'm', 'one')
  await logSmall(writer, 'm', 'two')
  await writer.close()
  attack(root)
  return { registry: await testRegistry(root), root }
}

const FORGERIES: Readonly<Record<string, (root: string) => void>> = {
  'of 8 GB': (root) => {
    writeHuge(eventPath(root, 1))
  },
  'nested 200,000 deep': (root) => {
    forge(root, 1, (line) => line.replace('"params":{', `"params":{"deep":${'['.repeat(200_000)}${']'.repeat(200_000)}`))
  },
  'of a time that is none': (root) => {
    forge(root, 1, (line) => line.replace(/"ts":\d+/, '"ts":9007199254740991'))
  },
  'of a version of 1,000 characters': (root) => {
    forge(root, 1, (line) => line.replace('"version":"1.0.1"', `"version":"${'1'.repeat(1_000)}"`))
  },
  'of a version that is no number': (root) => {
    forge(root, 1, (line) => line.replace('"version":"1.0.1"', '"version":"latest"'))
  }
}

describe('an event', () => {
  it.each(Object.entries(FORGERIES))('%s gives typed errors, and leaves other models usable', async (_, attack) => {
    const { registry } = await attacked(attack)
    const codes = /^(LOG_CORRUPT|TOO_LARGE)$/
    expect((await errorOf(registry.getVersion('m'))).code).toMatch(codes)
    expect((await errorOf(all(registry.history('m')))).code).toMatch(codes)
    expect((await errorOf(logSmall(registry, 'm', 'three'))).code).toMatch(codes)
    const { problems } = await registry.verify()
    expect(problems).toContainEqual(expect.objectContaining({ kind: 'event', model: 'm', n: 1 }))
    expect((await logSmall(registry, 'other', 'x')).version).toBe('1.0.0')
  })
})

describe('store.json', () => {
  it('of 8 GB gives a typed error', async () => {
    const root = join(temporaryFolder(), 'store')
    await (await testRegistry(root)).close()
    chmodSync(join(root, 'store.json'), 0o644)
    writeHuge(join(root, 'store.json'))
    expect((await errorOf(openRegistry(root))).code).toBe('TOO_LARGE')
  })
})

describe('a foreign file among the models', () => {
  it.each(['notes.txt', 'README', 'Thumbs.db', '.DS_Store'])('%s is no model', async (name) => {
    const { registry } = await attacked((root) => {
      writeFileSync(join(root, 'models', name), 'foreign')
    })
    expect((await all(registry.models())).map((model) => model.name)).toEqual(['m'])
    expect(await all(registry.search())).toHaveLength(2)
    expect((await registry.verify()).problems).toEqual([])
    await registry.collectGarbage()
  })

  it('may be a link that leads nowhere', async () => {
    const { registry } = await attacked((root) => {
      symlinkSync('/nonexistent', join(root, 'models', 'nowhere'))
    })
    expect((await all(registry.models())).map((model) => model.name)).toEqual(['m'])
  })
})

describe('a store whose empty folders were lost', () => {
  it('is usable again once it is opened', async () => {
    const { registry, root } = await attacked((folder) => {
      for (const name of ['tmp', 'trash', 'uploads']) rmSync(join(folder, name), { recursive: true })
    })
    expect((await logSmall(registry, 'm', 'three')).version).toBe('1.0.2')
    expect(existsSync(join(root, 'trash'))).toBe(true)
  })

  it('stays as it is where a file is in the way', async () => {
    const { registry } = await attacked((folder) => {
      rmSync(join(folder, 'tmp'), { recursive: true })
      writeFileSync(join(folder, 'tmp'), '')
    })
    expect((await registry.getVersion('m')).version).toBe('1.0.1')
    expect((await errorOf(logSmall(registry, 'm', 'three'))).code).toBe('IO')
  })
})
