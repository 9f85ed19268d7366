const ASCII = /^[\x00-\x7f]*$/

/**
 * A key that two paths share when some file system, or some reader, may take them for the same: Unicode compatibility
 * (NFKC), upper and lower case (also `ß` and `ss`), and invisible characters are levelled. Dotless `ı` counts as `i`.
 */
export function foldPath(path: string): string {
  if (ASCII.test(path)) return path.toUpperCase()
  // The two passes level what one does not (capital sharp s, ligatures); capitals come last since only they do not depend on context.
  return levelCase(levelCase(path.replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')))
}

function levelCase(text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFKC').toUpperCase().normalize('NFKC')
}
