import { logHistory } from 'stemma/testing'
import { describe, expect } from 'vitest'
import { startModelService } from './model-service.js'
import { registryTest } from './registry-test.js'

describe('the model service', () => {
  registryTest('serves what is live for its audience, also after a rollback', async ({ registry }) => {
    await logHistory(registry, 'triage', [{ log: {} }, { promote: '1.0.0', audience: 'berlin' }, { log: {} }, { promote: '1.0.0', audience: 'paris' }])
    const service = await startModelService(registry, 'triage', 'berlin')
    expect(service.version).toBe('1.0.0')

    await registry.transitionStage('triage@1.0.1', 'production', { audience: 'berlin' })
    await service.refresh()
    expect(service.version).toBe('1.0.1')

    await registry.rollback('triage', { audience: 'berlin', reason: 'false alarms' })
    await service.refresh()
    expect(service.version).toBe('1.0.0')
  })

  registryTest('goes on with what it has when bytes arrive damaged', async ({ registry, faults }) => {
    await logHistory(registry, 'triage', [{ log: {} }, { promote: '1.0.0' }])
    const service = await startModelService(registry, 'triage', 'default')
    await logHistory(registry, 'triage', [{ log: { bump: 'minor' } }, { promote: '1.1.0' }])

    faults.push({ method: 'openBlob', call: 'every', corrupt: 0 })
    await service.refresh()
    expect(service.version).toBe('1.0.0')

    faults.pop()
    await service.refresh()
    expect(service.version).toBe('1.1.0')
  })

  registryTest('does not start when nothing is live', async ({ registry }) => {
    await expect(startModelService(registry, 'triage', 'berlin')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
