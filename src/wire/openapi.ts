import * as z from 'zod'
import { LIBRARY } from '../util/library.js'
import { errorBodySchema } from './error-body.js'
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
      schemas: { Error: schemaOf(errorBodySchema, 'output') }
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
      default: { description: 'An error', content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } }
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

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  // What has no JSON schema, such as a check by a function, is described as anything.
  const described: Json = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' })
  // The dialect is that of the whole document.
  delete described['$schema']
  return described
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isRouteName(name: string): name is RouteName {
  return Object.hasOwn(ROUTES, name)
}
