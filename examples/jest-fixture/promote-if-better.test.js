const { logVersions } = require('stemma/testing')
const { promoteIfBetter } = require('./promote-if-better.js')
const { useRegistry } = require('./use-registry.js')

// What goes wrong can be added while a test runs.
const faults = []
const used = useRegistry({ actor: 'pipeline', faults })

afterEach(() => {
  faults.length = 0
})

test('promotes the first version', async () => {
  await logVersions(used.registry, 'credit-score', [{ metrics: { auc: 0.91 } }])
  expect(await promoteIfBetter(used.registry, 'credit-score')).toMatchObject({ version: '1.0.0', audiences: ['default'] })
})

test('keeps the better one', async () => {
  await logVersions(used.registry, 'credit-score', [{ metrics: { auc: 0.91 } }])
  await promoteIfBetter(used.registry, 'credit-score')
  await logVersions(used.registry, 'credit-score', [{ metrics: { auc: 0.9 } }])
  expect(await promoteIfBetter(used.registry, 'credit-score')).toMatchObject({ version: '1.0.0' })
})

test('says in the history who promoted what, and why', async () => {
  await logVersions(used.registry, 'credit-score', [{ metrics: { auc: 0.91 } }])
  used.registry.clock.advance(60_000)
  await promoteIfBetter(used.registry, 'credit-score')
  const entries = []
  for await (const entry of used.registry.history('credit-score')) entries.push(entry)
  const { eventDigest, ...promotion } = entries[1]
  expect(eventDigest).toMatch(/^sha256:/)
  // The same in every run, on every machine.
  expect(promotion).toMatchInlineSnapshot(`
{
  "actor": "pipeline",
  "at": "2026-01-01T00:01:00.000Z",
  "audience": "default",
  "changes": [
    {
      "field": "stage",
      "from": "none",
      "to": "production",
      "version": "1.0.0",
    },
    {
      "field": "audiences",
      "from": [],
      "to": [
        "default",
      ],
      "version": "1.0.0",
    },
  ],
  "commitId": "019b76db-9260-7136-8e76-68fe34bc5ca6",
  "n": 1,
  "name": "credit-score",
  "reason": "auc 0.91",
  "type": "transition",
  "version": "1.0.0",
}
`)
})

test('fails when the registry does', async () => {
  await logVersions(used.registry, 'credit-score', [{ metrics: { auc: 0.91 } }])
  faults.push({ method: 'transition', fail: 'REGISTRY_UNAVAILABLE' })
  await expect(promoteIfBetter(used.registry, 'credit-score')).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE', retryable: true })
})
