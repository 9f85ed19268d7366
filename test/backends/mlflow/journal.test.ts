import { describe, expect, it } from 'vitest'
import { createMlflowClient, type MlflowClient } from '../../../src/backends/mlflow/client.js'
import type { MlflowVersion } from '../../../src/backends/mlflow/endpoints.js'
import { entryTags } from '../../../src/backends/mlflow/entries.js'
import { createJournal, type Journal } from '../../../src/backends/mlflow/journal.js'
import { DEFAULT_POLICY } from '../../../src/schemas/policy.js'
import { systemSources } from '../../../src/util/sources.js'

describe('what a journal on an MLflow server asks for', () => {
  it('asks once for all that looks at it within a call, and again for the next one', async () => {
    const { journal, server } = setUp()
    await journal.asOfNow(async () => {
      await journal.refresh({})
      expect(journal.isFresh()).toBe(true)
      await journal.refresh({})
    })
    expect(server.asked).toBe(1)
    expect(journal.isFresh()).toBe(false)
    server.add('m', 0)
    await journal.asOfNow(() => journal.refresh({}))
    expect(server.asked).toBe(2)
    expect(journal.slots('m')).toHaveLength(1)
  })

  it('does not take what was asked before a call began for what was there when it began', async () => {
    const { journal, server } = setUp()
    const earlier = journal.asOfNow(() => journal.refresh({}))
    const later = journal.asOfNow(async () => {
      expect(journal.isFresh()).toBe(false)
      await journal.refresh({})
    })
    await Promise.all([earlier, later])
    expect(server.asked).toBe(2)
  })

  it('gives each call within another its own time, and asks for nothing where what is known is enough', async () => {
    const { journal, server } = setUp()
    await journal.asOfNow(async () => {
      await journal.refresh({})
      await journal.asOfNow(() => journal.refresh({}))
      expect(server.asked).toBe(2)
      await journal.asKnown(() => journal.refresh({}))
      expect(server.asked).toBe(2)
    })
  })

  it('lists as of the first item, and keeps that time to itself', async () => {
    const { journal, server } = setUp()
    const items = journal.listAsOfNow(async function* () {
      await journal.refresh({})
      yield 1
      await journal.refresh({})
      yield 2
    })
    for await (const item of items) {
      expect(server.asked).toBe(item === 1 ? 1 : 2)
      expect(journal.isFresh()).toBe(false)
      if (item === 1) await journal.refresh({})
    }
    expect(server.asked).toBe(2)
  })
})

/** A server that has the versions that were added, and counts how often it is asked for them. */
function setUp(): { journal: Journal; server: { asked: number; add(model: string, n: number): void } } {
  const versions: MlflowVersion[] = []
  const server = {
    asked: 0,
    add(model: string, n: number) {
      const tags = entryTags({ model, n, bytes: Buffer.from('{}'), manifest: undefined }).map((tag) => ({ ...tag }))
      versions.push({ ...{ name: 'journal', version: String(versions.length + 1), tags, creation_timestamp: 0, current_stage: 'None' }, ...{ description: '', source: '', run_id: '', status: 'READY' } })
    }
  }
  const real = createMlflowClient({ baseUrl: 'http://127.0.0.1:1', credentials: { headers: {}, tls: undefined }, sources: systemSources, proxy: 'none' })
  const client: MlflowClient = {
    ...real,
    async call(endpoint, { query }) {
      server.asked += 1
      await Promise.resolve()
      const after = Number(/version_number > (\d+)/.exec(String(query?.['filter']))?.[1])
      return endpoint.reply.parse({ model_versions: versions.filter(({ version }) => Number(version) > after) })
    }
  }
  const journal = createJournal({ client, name: 'journal', policy: DEFAULT_POLICY, sources: systemSources, onEntry: () => undefined })
  return { journal, server }
}
