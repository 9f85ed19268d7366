import { buildLineageFrom } from '../../record/lineage-from.js'
import { buildLineage } from '../../record/lineage-graph.js'
import { locateVersion } from '../../record/resolve-reference.js'
import type { LineageGraph } from '../../schemas/lineage.js'
import type { CallOptions } from '../../util/options.js'
import type { LineageRequest } from '../backend.js'
import type { Engine } from './engine.js'
import type { AllVersions } from './load-all.js'
import { stateFor } from './read-model.js'

/** See `Backend.lineage`. A deleted version has a lineage, too: what was made from it is still there. */
export async function lineage(
  engine: Engine,
  allVersions: AllVersions,
  { origin, maxHops }: LineageRequest,
  options: CallOptions
): Promise<LineageGraph> {
  if (origin.kind !== 'version') return buildLineageFrom(origin, (await allVersions(true, options)).versions, { maxHops })
  const root = locateVersion(await stateFor(engine, origin.reference, options), origin.reference, engine.policy)
  return buildLineage(root, (await allVersions(true, options)).versions, { direction: origin.direction, maxHops })
}
