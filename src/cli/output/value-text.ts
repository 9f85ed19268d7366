/** A value of metadata for people: text as it is, anything else as JSON, nothing as a dash. */
export function valueText(value: unknown): string {
  if (value === undefined) return '–'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Named values, a line each: `lr: 0.1`. */
export function valueLines(values: Readonly<Record<string, unknown>> | undefined): string[] {
  return Object.entries(values ?? {}).map(([name, value]) => `${name}: ${valueText(value)}`)
}
