import { parentPort } from 'node:worker_threads'
import { systemSources } from '../util/sources.js'
import { runLaneTask } from './lane-task.js'
import { packError } from './packed-error.js'
import { WORKER_READY, type WorkerAnswer, type WorkerRequest } from './worker-protocol.js'

// The thread of a lane, see worker-lane.ts. It is built as a file of its own.

/** Progress of large files is told in steps of this size. */
const REPORT_BYTES = 8_388_608

const answer = (message: WorkerAnswer): void => {
  parentPort?.postMessage(message)
}

async function work({ task, stop }: WorkerRequest): Promise<void> {
  const flag = new Int32Array(stop)
  let reported = 0
  try {
    const results = await runLaneTask(task, {
      sources: systemSources,
      mayBlock: true,
      check: () => {
        if (Atomics.load(flag, 0) !== 0) throw new Error('the work was stopped')
      },
      onBytes: (index, doneBytes) => {
        if (doneBytes >= reported && doneBytes < reported + REPORT_BYTES) return
        reported = doneBytes
        answer({ kind: 'bytes', index, doneBytes })
      }
    })
    answer({ kind: 'done', results })
  } catch (error) {
    answer({ kind: 'failed', error: packError(error) })
  }
}

let last = Promise.resolve()
parentPort?.on('message', (request: WorkerRequest) => {
  last = last.then(() => work(request))
})
answer({ kind: 'ready', name: WORKER_READY })
