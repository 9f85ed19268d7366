import type { GarbageReport, VerificationReport } from '../../schemas/report.js'
import { countText, sizeText } from './amounts.js'
import type { Paint } from './paint.js'
import { tableText } from './table.js'

/** What `verify` read, and what is damaged. */
export async function verificationText({ ok, models, versions, events, blobs, bytes, problems }: VerificationReport, paint: Paint): Promise<string> {
  const read = [countText(models, 'model'), countText(versions, 'version'), countText(events, 'event'), `${countText(blobs, 'file')} of ${sizeText(bytes)}`].join(', ')
  const verdict = problems.length === 0 ? 'all as it should be' : countText(problems.length, 'problem')
  const summary = `read ${read}: ${paint(ok ? 'good' : 'bad', verdict)}\n`
  if (problems.length === 0) return summary
  const table = await tableText(
    problems,
    [
      { title: 'PROBLEM', value: ({ code }) => code, style: 'bad' },
      { title: 'WHERE', value: ({ file, digest, model }) => file ?? digest ?? model },
      { title: 'WHAT', value: ({ message }) => message },
      { title: 'NEEDED BY', value: ({ affects = [] }) => [...affects.slice(0, 5), ...(affects.length > 5 ? [`… and ${affects.length - 5} more`] : [])] }
    ],
    paint,
    ''
  )
  return `${table}\n${summary}`
}

/** What `gc` did, or would do. */
export function garbageText({ dryRun, trashed, removed, restored, temporaryFiles, reclaimedBytes }: GarbageReport): string {
  const would = dryRun ? 'would be ' : ''
  const lines = [
    ...(trashed.length > 0 ? [`${countText(trashed.length, 'file')} that no version needs ${would}moved to the trash; the next run that is an hour later removes them`] : []),
    ...(removed.length > 0 ? [`${countText(removed.length, 'file')} ${would}removed from the trash`] : []),
    ...(restored.length > 0 ? [`${countText(restored.length, 'file')} that a version needs ${would}taken back from the trash`] : []),
    ...(temporaryFiles.length > 0 ? [`${countText(temporaryFiles.length, 'leftover')} of writers that are gone ${would}removed`] : [])
  ]
  return lines.length === 0 ? 'nothing to remove\n' : `${[...lines, `${sizeText(reclaimedBytes)} ${would}reclaimed`].join('\n')}\n`
}
