import { systemErrorCode } from './system-error.js'

/** Whether a process of this machine runs, also one of another user. */
export function isProcessAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0)
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    return systemErrorCode(error) !== 'ESRCH'
  }
}
