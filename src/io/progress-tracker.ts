import type { Progress } from '../util/options.js'

/** Adds up what is done of many files, in whatever order and thread. */
export interface ProgressTracker {
  /** So many bytes of this file are done. Going back, because a file is read again, counts for nothing. */
  reached: (index: number, doneBytes: number) => void
  /** The file is done and had this size, which may be another than was expected. */
  finished: (index: number, sizeBytes: number) => void
}

/** What is expected of a file; an unknown size makes the total unknown. */
export interface ExpectedFile {
  label: string
  sizeBytes: number | undefined
}

/** Turns the progress of files into events whose `doneBytes` never goes back and ends at `totalBytes`. */
export function trackProgress(
  phase: string,
  files: readonly ExpectedFile[],
  onProgress: ((progress: Progress) => void) | undefined
): ProgressTracker {
  if (onProgress === undefined) return { reached: () => undefined, finished: () => undefined }
  const done = new Float64Array(files.length)
  let doneBytes = 0
  let totalBytes = files.reduce<number | undefined>((sum, file) => add(sum, file.sizeBytes), 0)
  const report = (index: number, reached: number): void => {
    doneBytes += Math.max(0, reached - (done[index] ?? 0))
    done[index] = Math.max(reached, done[index] ?? 0)
    onProgress({ phase, path: files[index]?.label, doneBytes, totalBytes })
  }
  return {
    reached: (index, reached) => {
      const expected = files[index]?.sizeBytes
      report(index, expected === undefined ? reached : Math.min(reached, expected))
    },
    finished: (index, sizeBytes) => {
      // A file that turned out longer or shorter changes what there is to do in all.
      totalBytes = add(totalBytes, Math.max(sizeBytes, done[index] ?? 0) - (files[index]?.sizeBytes ?? 0))
      report(index, sizeBytes)
    }
  }
}

function add(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b
}
