import { isStemmaError } from '../../errors/stemma-error.js'

/** Work that is done when what it is about is gone. */
export async function ignoringAbsent(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!isStemmaError(error, 'NOT_FOUND')) throw error
  }
}
