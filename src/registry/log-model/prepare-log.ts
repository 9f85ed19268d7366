import * as z from 'zod'
import { classifyInput, type ArtifactsInput } from '../../artifacts/artifacts-input.js'
import { StemmaError } from '../../errors/stemma-error.js'
import { nextVersion } from '../../record/bump-version.js'
import { checkModelName } from '../../record/model-name.js'
import { logModelInputSchema } from '../../schemas/log-input.js'
import { parse } from '../../schemas/parse.js'
import { parseOptions } from '../check-options.js'
import type { LogModelInput } from '../log-model.js'
import { ownFields } from '../own-options.js'
import { refuseSecretShapes } from '../refuse-secret-shapes.js'
import { checkLogMetadata, type LogFields, type LogMetadata } from './check-metadata.js'

/** What `logModel` was asked to log, checked; no byte was read yet. */
export interface PreparedLog {
  name: string
  fields: LogFields
  metadata: LogMetadata
  artifacts: ArtifactsInput
  preprocessing: ArtifactsInput | undefined
  symlinks: 'error' | 'follow'
}

const symlinksSchema = z.enum(['error', 'follow']).default('error')

/** Checks all that can be checked before anything is read or stored, so that a typo costs no upload. */
export function prepareLog(input: LogModelInput): PreparedLog {
  const { artifacts, training, symlinks, ...rest } = input
  const fields = parseOptions(logModelInputSchema, ownFields(rest, 'logModel input'), { what: 'logModel input' })
  const name = checkModelName(fields.name)
  refuseSecretShapes({ name, version: fields.version, aliases: fields.aliases })
  if (fields.version !== undefined && fields.bump !== undefined) {
    throw new StemmaError('INVALID_INPUT', 'logModel input: version and bump exclude each other', { hint: 'give one of them' })
  }
  if (fields.version !== undefined) nextVersion([], { exact: fields.version })
  return {
    name,
    fields,
    metadata: checkLogMetadata(fields, training),
    artifacts,
    preprocessing: input.preprocessing,
    symlinks: parse(symlinksSchema, symlinks, { what: 'logModel input at symlinks' })
  }
}

/** Whether some content can be read only once. */
export function hasStreams({ artifacts, preprocessing }: Pick<PreparedLog, 'artifacts' | 'preprocessing'>): boolean {
  return [artifacts, preprocessing].some((input) => {
    if (input === undefined) return false
    const classified = classifyInput(input)
    if (classified.kind === 'path') return false
    const contents = classified.kind === 'contents' ? classified.contents.map(([, content]) => content) : classified.entries.map((entry) => ('content' in entry ? entry.content : ''))
    return contents.some((content) => typeof content === 'object' && Symbol.asyncIterator in content)
  })
}
