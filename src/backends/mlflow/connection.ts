import type { Digest } from '../../schemas/digest.js'
import type { CallOptions } from '../../util/options.js'
import type { Sources } from '../../util/sources.js'
import type { MlflowClient } from './client.js'
import type { ExperimentOf } from './experiment.js'
import type { Names } from './names.js'

/** What is known of a server by having asked it. */
export interface Features {
  /** `undefined`: not asked yet. */
  loggedModels: boolean | undefined
  stages: boolean | undefined
}

/** What every step of the backend works with. */
export interface Connection {
  readonly client: MlflowClient
  readonly names: Names
  readonly sources: Sources
  readonly features: Features
  readonly experimentOf: ExperimentOf
  /** See `Backend.openBlob`. */
  readonly openBlob: (digest: Digest, options: CallOptions) => AsyncIterable<Uint8Array>
}
