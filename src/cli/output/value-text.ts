const DIGEST = /(sha256:[0-9a-f]{12})[0-9a-f]{52}/g

/** A value of metadata for people: text as it is, a list of texts by commas, anything else as JSON, nothing as a dash. Digests are cut. */
export function valueText(value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return '–'
  const isTexts = Array.isArray(value) && value.every((item) => typeof item === 'string')
  const text = typeof value === 'string' ? value : isTexts ? value.join(', ') : JSON.stringify(value)
  return text.replace(DIGEST, '$1…')
}

/** Named values, a line each: `lr: 0.1`. */
export function valueLines(values: Readonly<Record<string, unknown>> | undefined): string[] {
  return Object.entries(values ?? {}).map(([name, value]) => `${name}: ${valueText(value)}`)
}
