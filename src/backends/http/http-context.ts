import type { Sources } from '../../util/sources.js'
import type { Transport } from '../../transport/transport.js'
import type { Connection } from './connection.js'
import type { WireVersions } from './wire-versions.js'

/** What the calls of the HTTP backend work with. */
export interface HttpContext {
  readonly transport: Transport
  readonly sources: Sources
  readonly connection: Connection
  readonly versions: WireVersions
}
