import type { ModelSummary } from '../schemas/model-version.js'
import { liveAudiences } from './live-version.js'
import type { ModelState } from './model-state.js'
import { latestVersion } from './resolve-reference.js'

/** A model in short: how many versions, the latest one, what is live for whom, and since when it exists and has not changed. */
export function summarizeModel(state: ModelState): ModelSummary {
  const latest = latestVersion(state)
  return {
    name: state.name,
    versionCount: state.versions.reduce((count, version) => count + (version.deleted === undefined ? 1 : 0), 0),
    ...(latest === undefined ? {} : { latest: latest.version }),
    production: Object.fromEntries(liveAudiences(state)),
    createdAt: new Date(state.createdTs).toISOString(),
    updatedAt: new Date(state.head.ts).toISOString()
  }
}
