import type { SingleBar } from 'cli-progress'
import { systemSources } from '../../util/sources.js'
import type { Progress } from '../../util/options.js'
import type { Terminal } from '../terminal.js'
import { sizeText } from './amounts.js'
import { plainText } from './plain-text.js'

/** A bar that follows a long operation. */
export interface ProgressBar {
  /** `undefined` where nobody watches. */
  onProgress: ((progress: Progress) => void) | undefined
  stop: () => void
}

const QUIET: ProgressBar = { onProgress: undefined, stop: () => undefined }

/** Draws what is done, how fast, and how long it still takes; on a terminal only, and nothing of it stays. */
export async function showProgress({ err }: Pick<Terminal, 'err'>, isWanted: boolean): Promise<ProgressBar> {
  if (!isWanted || err.isTTY !== true) return QUIET
  const { default: library } = await import('cli-progress')
  let at: Progress | undefined
  let bar: SingleBar | undefined
  const begin = (progress: Progress): SingleBar => {
    const format = library.Format
    const begun = systemSources.monotonicNow()
    const created = new library.SingleBar({
      stream: err,
      clearOnComplete: true,
      hideCursor: true,
      etaBuffer: 100,
      barsize: 20,
      barCompleteChar: '━',
      barIncompleteChar: ' ',
      format: (options, { eta, total, value, progress: share }) => {
        const rate = (value - progress.doneBytes) / Math.max(0.001, (systemSources.monotonicNow() - begun) / 1_000)
        const name = plainText(at?.path ?? '')
        const parts =
          total > 0
            ? [format.BarFormat(share, options), `${Math.floor(share * 100)}%`, `${sizeText(value)} of ${sizeText(total)}`, `${sizeText(rate)}/s`, `${format.TimeFormat(eta, options, 1)} left`]
            : [sizeText(value), `${sizeText(rate)}/s`]
        return [progress.phase, ...parts, name].join('  ').trimEnd()
      }
    })
    created.start(progress.totalBytes ?? 0, progress.doneBytes)
    return created
  }
  return {
    onProgress: (progress) => {
      if (bar === undefined || at?.phase !== progress.phase || at.totalBytes !== progress.totalBytes) {
        bar?.stop()
        at = progress
        bar = begin(progress)
      }
      at = progress
      bar.update(progress.doneBytes)
    },
    stop: () => {
      bar?.stop()
    }
  }
}
