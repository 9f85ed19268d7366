import type { Backend } from '../backends/backend.js'
import type { Captured } from '../schemas/captured.js'

const SWITCHED_OFF = { state: 'unavailable', reason: 'switched off' } as const

/**
 * A backend whose versions have these captures, whatever the caller sent: nothing of the machine that runs a test gets in, also from a
 * client at the other end of HTTP.
 */
export function withFixedCapture(backend: Backend, captured: Partial<Captured>): Backend {
  const { code = SWITCHED_OFF, environment = SWITCHED_OFF, hardware = SWITCHED_OFF } = captured
  return {
    ...backend,
    createVersion: (request, options) => backend.createVersion({ ...request, birth: { ...request.birth, ...structuredClone({ code, environment, hardware }) } }, options)
  }
}
