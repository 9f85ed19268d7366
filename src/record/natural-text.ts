// The natural words in names of classes and in camel case.
const CASED_WORD = /[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g
const MAX_WORD_LENGTH = 24

/**
 * Whether a run of ASCII letters and digits looks as if a person, or a tool that counts, had chosen it: a word, camel case, a
 * word with a number (`resnet50`, `v2`, `7b`), a number, or hex.
 */
export function isNaturalPart(part: string): boolean {
  if (/^[0-9]+$/.test(part) || /^(?:0x)?(?:[0-9a-f]+|[0-9A-F]+)$/.test(part)) return true
  const pieces = part.match(/[A-Za-z]+|[0-9]+/g) ?? []
  // A name switches between letters and digits a few times at most, and for short stretches only: k8s, gpt2xl, x86, h100sxm5.
  if (pieces.length > 4) return false
  return pieces.every((piece) => /^[0-9]/.test(piece) || isNaturalWord(piece, pieces.length > 2 ? 8 : MAX_WORD_LENGTH))
}

function isNaturalWord(letters: string, maxLength: number): boolean {
  const words = letters.match(CASED_WORD) ?? []
  if (words.some((word) => word.length > maxLength)) return false
  // Random letters change case every second or third; so may short names (AdamW, ResNetV), but no long ones.
  return words.length === 1 || letters.length / words.length >= (letters.length < 10 ? 2.3 : 3)
}

/** Shannon entropy of a text's characters, in bits a character. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let entropy = 0
  for (const count of counts.values()) entropy -= (count / text.length) * Math.log2(count / text.length)
  return entropy
}
