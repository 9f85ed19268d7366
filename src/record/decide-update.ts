import { StemmaError } from '../errors/stemma-error.js'
import type { EventBody } from '../schemas/event.js'
import type { VersionSummary } from '../schemas/model-version.js'
import type { Policy } from '../schemas/policy.js'
import type { UpdateRequest } from '../schemas/requests.js'
import { checkAlias } from './alias.js'
import type { Decision, ModelState } from './model-state.js'
import { resolveReference } from './resolve-reference.js'

type MetadataChange = Extract<EventBody, { type: 'metadata.updated' }>['data']

/**
 * Decides on a change of living metadata. Only what differs from what is there goes into the event: tags and metrics are added
 * or replaced, `null` takes a tag or the description away, an alias moves here from the version that had it, and removing one
 * that the version does not have changes nothing. An approval is always added.
 *
 * @throws {StemmaError} NOT_FOUND, VERSION_DELETED, INVALID_ALIAS; INVALID_INPUT for an alias both set and removed.
 */
export function decideUpdate(state: ModelState, request: UpdateRequest, policy: Policy): Decision {
  const version = resolveReference(state, request.reference, policy)
  const changes = {
    ...tagChanges(version, request.tags),
    ...metricChanges(version, request.metrics),
    ...descriptionChange(version, request.description),
    ...aliasChanges(version, request, policy),
    ...approvalChange(request.approval)
  }
  if (Object.keys(changes).length === 0) return { kind: 'unchanged', version }
  const reason = request.reason === undefined ? {} : { reason: request.reason }
  return { kind: 'event', body: { type: 'metadata.updated', data: { version: version.version, ...changes, ...reason } } }
}

function tagChanges(version: VersionSummary, wanted: UpdateRequest['tags']): Pick<MetadataChange, 'tags'> {
  const tags = Object.entries(wanted ?? {}).filter(([key, value]) => value !== (ownValue(version.tags, key) ?? null))
  return tags.length === 0 ? {} : { tags: Object.fromEntries(tags) }
}

function metricChanges(version: VersionSummary, wanted: UpdateRequest['metrics']): Pick<MetadataChange, 'metrics'> {
  const metrics = Object.entries(wanted ?? {}).filter(([name, value]) => value !== ownValue(version.metrics, name))
  return metrics.length === 0 ? {} : { metrics: Object.fromEntries(metrics) }
}

/** Keys come from outside: `constructor` must not find what every object inherits. */
function ownValue<Value>(values: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined
}

function descriptionChange(version: VersionSummary, wanted: string | null | undefined): Pick<MetadataChange, 'description'> {
  return wanted === undefined || wanted === (version.description ?? null) ? {} : { description: wanted }
}

function aliasChanges(version: VersionSummary, request: UpdateRequest, policy: Policy): Pick<MetadataChange, 'aliases' | 'removedAliases'> {
  const wanted = [...new Set(request.aliases)].sort()
  const unwanted = [...new Set(request.removeAliases)].sort()
  for (const alias of wanted) checkAlias(alias, policy.stages)
  const both = wanted.find((alias) => unwanted.includes(alias))
  if (both !== undefined) {
    throw new StemmaError('INVALID_INPUT', `alias '${both}' is both set on and removed from ${version.name}@${version.version}`, {
      hint: 'Leave it in one of aliases and removeAliases.',
      details: { model: version.name, version: version.version, alias: both }
    })
  }
  const aliases = wanted.filter((alias) => !version.aliases.includes(alias))
  const removedAliases = unwanted.filter((alias) => version.aliases.includes(alias))
  return { ...(aliases.length === 0 ? {} : { aliases }), ...(removedAliases.length === 0 ? {} : { removedAliases }) }
}

function approvalChange(approval: UpdateRequest['approval']): Pick<MetadataChange, 'approval'> {
  return approval === undefined ? {} : { approval }
}
