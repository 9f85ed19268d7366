import type { ModelVersion } from '../../schemas/model-version.js'

/** Where a version stands, in one line: `spam@1.0.0 is in production for default`. */
export function standingText({ name, version, stage, audiences, deleted }: ModelVersion): string {
  const reference = `${name}@${version}`
  if (deleted !== undefined) return `${reference} is deleted`
  if (stage === 'none') return `${reference} is in no stage`
  return `${reference} is in ${stage}${audiences.length > 0 ? ` for ${audiences.join(', ')}` : ''}`
}
