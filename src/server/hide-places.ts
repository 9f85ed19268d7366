import type { ErrorBody } from '../wire/error-body.js'

/** An error body without the folders of this machine: they are nobody's business on the other side. */
export function withoutPlaces(body: ErrorBody, places: readonly (string | undefined)[]): ErrorBody {
  const folders = places.flatMap((place) => (place?.startsWith('/') === true || /^[A-Za-z]:[\\/]/.test(place ?? '') ? [place ?? ''] : []))
  if (folders.length === 0) return body
  const hide = (text: string): string => folders.reduce((shown, folder) => shown.replaceAll(folder, '<registry>'), text)
  const { message, hint, details, ...rest } = body.error
  return {
    error: {
      ...rest,
      message: hide(message),
      ...(hint === undefined ? {} : { hint: hide(hint) }),
      ...(details === undefined ? {} : { details: hideAll(details, hide) })
    }
  }
}

type Details = NonNullable<ErrorBody['error']['details']>

function hideAll(details: Details, hide: (text: string) => string): Details {
  return Object.fromEntries(Object.entries(details).map(([key, value]) => [key, hideIn(value, hide)]))
}

function hideIn(value: Details[string], hide: (text: string) => string): Details[string] {
  if (typeof value === 'string') return hide(value)
  if (Array.isArray(value)) return value.map((item) => hideIn(item, hide))
  return typeof value === 'object' && value !== null ? hideAll(value, hide) : value
}
