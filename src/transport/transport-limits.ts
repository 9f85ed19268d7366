import type { TransportLimits } from './transport.js'

/** The limits that a transport has unless it is told others. */
export const DEFAULT_LIMITS: TransportLimits = {
  idleMs: 30_000,
  windowMs: 30_000,
  minBytes: 1_024,
  tickMs: 500,
  maxJsonBytes: 8_388_608,
  maxEventBytes: 67_108_864,
  patience: { retries: 5, totalMs: 120_000 },
  circuitMs: 5_000,
  maxSockets: 32
}
