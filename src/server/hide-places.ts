/** Text, and values with text in them, without the folders of this machine: they are nobody's business on the other side. */
export function withoutPlaces<T>(value: T, places: readonly (string | undefined)[]): T {
  const folders = places.flatMap((place) => (place !== undefined && /^(?:\/.|[A-Za-z]:[\\/])/.test(place) ? [place] : []))
  return folders.length === 0 ? value : hideIn(value, folders)
}

function hideIn<T>(value: T, folders: readonly string[]): T
function hideIn(value: unknown, folders: readonly string[]): unknown {
  if (typeof value === 'string') return folders.reduce((shown, folder) => shown.replaceAll(folder, '<registry>'), value)
  if (Array.isArray(value)) return value.map((item: unknown) => hideIn(item, folders))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]: [string, unknown]) => [key, hideIn(item, folders)]))
}
