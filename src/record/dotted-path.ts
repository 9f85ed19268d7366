/**
 * The dotted path of a property, as messages name it: `params.optimizer.lr`, `datasets[2]`, `params["odd key"]`.
 *
 * @param parent path of the value that has the property; empty for the outermost.
 * @param key a property, or an index.
 */
export function dottedPath(parent: string, key: string | number): string {
  if (typeof key === 'number') return `${parent}[${key}]`
  if (!/^[\p{L}\p{N}_@$/-]{1,128}$/u.test(key)) return `${parent}[${JSON.stringify(key.slice(0, 128))}]`
  return parent === '' ? key : `${parent}.${key}`
}
