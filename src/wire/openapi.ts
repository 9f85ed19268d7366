import * as z from 'zod'
import { LIBRARY } from '../util/library.js'
import { lineageGraphSchema } from '../schemas/lineage.js'
import { garbageReportSchema, verificationReportSchema } from '../schemas/report.js'
import { errorBodySchema } from './error-body.js'
import { historyPageSchema, modelPageSchema, registryInfoSchema, storedBlobSchema, versionPageSchema, wireVersionSchema } from './messages.js'
import { ROUTES, type Route, type RouteName } from './routes.js'

type Json = Record<string, unknown>

const DESCRIPTION = `Artifacts and metadata of machine-learning models. Every reply that is no success has a body \`{ "error": { "code", "message", … } }\`: decide by the code.
Changes take an Idempotency-Key; a repeated request with the same key answers with the first result.`

const HEADERS_OF: Partial<Record<RouteName, Json[]>> = {
  blob: [header('Range', 'bytes=0-1023: one range'), header('If-Range', 'The quoted digest')],
  uploadChunk: [header('Upload-Offset', 'Where the chunk begins', true), header('Upload-Checksum', 'crc32 and eight lower-case hex digits', true)]
}

/** The protocol as OpenAPI 3.1, made from the routes and schemas that client and server run on. */
export function describeApi(): Json {
  const paths: Record<string, Json> = {}
  for (const [name, route] of Object.entries(ROUTES)) {
    if (!isRouteName(name)) continue
    const operations = paths[route.path] ?? {}
    operations[route.method.toLowerCase()] = operation(name, route)
    paths[route.path] = operations
  }
  return {
    openapi: '3.1.0',
    info: { title: 'stemma registry', version: LIBRARY.replace('stemma/', ''), description: DESCRIPTION, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'What `stemma token create` printed.' } },
      schemas: namedSchemas()
    }
  }
}

function operation(name: RouteName, route: Route): Json {
  const parameters = [...pathParameters(route), ...queryParameters(route), ...headerParameters(name, route)]
  return {
    operationId: name,
    summary: route.summary,
    description: route.scope === 'open' ? 'Wants no token.' : `Wants the scope \`${route.scope}\`.`,
    ...(route.scope === 'open' ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined ? {} : { requestBody: { required: true, content: bodyContent(route.body) } }),
    responses: {
      [String(route.status)]: { description: 'Done', ...replyContent(route) },
      default: { description: 'An error', content: { 'application/json': { schema: { $ref: refTo('Error') } } } }
    }
  }
}

function pathParameters({ path }: Route): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
}

function queryParameters({ query }: Route): Json[] {
  if (query === undefined) return []
  const { properties, required } = schemaOf(query, 'input')
  if (!isRecord(properties)) return []
  const isRequired = (name: string): boolean => Array.isArray(required) && required.includes(name)
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: isRequired(name), schema }))
}

function headerParameters(name: RouteName, { mutates }: Route): Json[] {
  const key = mutates === true ? [header('Idempotency-Key', 'Makes repeating the request safe: 1 to 256 visible ASCII characters')] : []
  return [...key, ...(HEADERS_OF[name] ?? [])]
}

function header(name: string, description: string, required = false): Json {
  return { name, in: 'header', required, description, schema: { type: 'string' } }
}

function bodyContent(body: NonNullable<Route['body']>): Json {
  if (body === 'bytes') return { 'application/octet-stream': {} }
  if (body === 'multipart') return { 'multipart/form-data': { schema: { type: 'object' } } }
  return { 'application/json': { schema: schemaOf(body, 'input') } }
}

function replyContent({ reply, progress }: Route): Json {
  switch (reply) {
    case 'nothing':
      return {}
    case 'bytes':
      return { content: { 'application/octet-stream': {} } }
    case 'events':
      return { content: { 'text/event-stream': { schema: { type: 'string' } } } }
    case 'text':
      return { content: { 'text/plain': { schema: { type: 'string' } } } }
    default:
      return { content: { 'application/json': { schema: schemaOf(reply, 'output') }, ...(progress === true ? { 'text/event-stream': { schema: { type: 'string' } } } : {}) } }
  }
}

/** What replies are made of, so that it is described once. */
const NAMED = {
  Error: errorBodySchema,
  Version: wireVersionSchema,
  VersionPage: versionPageSchema,
  ModelPage: modelPageSchema,
  HistoryPage: historyPageSchema,
  LineageGraph: lineageGraphSchema,
  RegistryInfo: registryInfoSchema,
  VerificationReport: verificationReportSchema,
  GarbageReport: garbageReportSchema,
  StoredBlob: storedBlobSchema
} as const

const refTo = (name: string): string => `#/components/schemas/${name}`

function namedSchemas(): Json {
  const named = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(NAMED)) named.add(schema, { id })
  const { schemas } = z.toJSONSchema(named, { io: 'output', unrepresentable: 'any', uri: refTo })
  return Object.fromEntries(Object.keys(NAMED).map((id) => [id, embedded(schemas[id] ?? {})]))
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const name = io === 'output' ? Object.entries(NAMED).find(([, known]) => known === schema)?.[0] : undefined
  if (name !== undefined) return { $ref: refTo(name) }
  // What has no JSON schema, such as a check by a function, is described as anything.
  return embedded(z.toJSONSchema(schema, { io, unrepresentable: 'any' }))
}

/**
 * A schema as a part of the document, whose dialect and address it has. What refers to itself is any JSON; the pattern of a time says no
 * more than its format.
 */
function embedded(schema: object): Json {
  const ref: unknown = '$ref' in schema ? schema.$ref : undefined
  if (typeof ref === 'string' && ref.includes('$defs')) return {}
  const isTime = 'format' in schema && schema.format === 'date-time'
  const kept = Object.entries(schema).filter(([key]) => !['$schema', '$id', '$defs'].includes(key) && !(isTime && key === 'pattern'))
  return Object.fromEntries(kept.map(([key, value]: [string, unknown]) => [key, embeddedIn(value)]))
}

function embeddedIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(embeddedIn)
  return typeof value === 'object' && value !== null ? embedded(value) : value
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isRouteName(name: string): name is RouteName {
  return Object.hasOwn(ROUTES, name)
}
