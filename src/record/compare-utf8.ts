/**
 * Orders texts by their UTF-8 bytes, which is the order of code points; `<` orders by UTF-16 units, which differs for characters
 * outside the basic plane.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const x = a.charCodeAt(index)
    const y = b.charCodeAt(index)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

/** Puts surrogates (0xD800 to 0xDFFF) above all other units, where the code points that they stand for belong. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit > 0xdfff ? unit - 0x800 : unit + 0x2000
}
