import type { Target } from './target.js'

type Random = () => number

// What parsers stumble over.
const HOSTILE: readonly string[] = [
  '', '__proto__', '"__proto__"', '{"__proto__":{"polluted":1}}', 'constructor', '"constructor"', 'prototype', 'toString', '"hasOwnProperty"', 'null', 'true', 'undefined',
  '0', '-0', '-1', '1e309', '-1e309', '1e21', '9007199254740993', '99999999999999999999', '4294967296', '2147483648', '0x10', 'NaN', 'Infinity', '0.1e-400', '9'.repeat(400),
  '[]', '{}', '""', '[[]]', '{"":{}}', '[null]', '{', '}', '[', ']', '"', "'", '`', '\\', '\\u0000', '"\\ud800"', '"\\udfff\\ud800"',
  '\0', '\x01', '\x7f', '\x1b[2J', '\u0085', '\u200b', '\u202e', '\u2028', '\ufeff', '\ufffd', '\ufffe', '\ud800', '\udc00', '\u{1f600}', 'e\u0301', 'ß', 'İ', 'ﬃ', 'Ａ', '\u00a0',
  '..', '../', '/../', '//', './', '/', 'C:', 'CON', 'com1.txt', 'nul', '.git', '~', 'a'.repeat(300), '%', '%00', '%2e%2e%2f', '%22', '%ff', '+', '!', '!a', '!-',
  '\n', '\r\n', '\r\n\r\n', '\r', '\t', ' ', '    ', ',', ';', ':', '=', '==', '@', '@@', '#', '?', '&', '*', '**', '<', '>', '|', '--', '---\n', '...\n',
  '&a ', '*a', '!!js/function ', '!!binary ', '<<: ', '- ', ': ', '? ', '|\n ', '>\n ', '{a: &x [*x]}',
  ' and ', ' or ', ' not ', '(', ')', ' in (', ' like ', ' exists', '%%%%%%', '_%', '>=', '1.2.3', '^1', '>=1 <2 || 3.x', 'latest', '1.0.0-a.b.c+d', 'sha256:', `sha256:${'0'.repeat(64)}`,
  'bytes=', '0-0', '-5', '5-', 'form-data; name="a"', '--stemma\r\n', '--stemma--\r\n', 'file:///etc/passwd', 'http://[::1]/', 'http://a:b@c/', 'javascript:0', '//x', '\x80\x04\x95', 'PK\x03\x04',
  '2026-02-30', '0000-01-01T00:00:00Z', '+275760-09-13', 'Fri, 31 Feb 2026 25:00:00 GMT'
]
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|[A-Za-z_]\w*/g
const MOST_REPEATS = 5_000

/** Changes an input a little or a lot. */
type Change = (text: string, random: Random, target: Target) => string

const below = (random: Random, end: number): number => Math.floor(random() * end)
function pick<T>(random: Random, items: readonly T[], otherwise: T): T {
  return items[below(random, items.length)] ?? otherwise
}
const hostile = (random: Random, { isBytes }: Target): string => {
  const text = pick(random, HOSTILE, '')
  return isBytes ? Buffer.from(text).toString('latin1') : text
}
const insert = (text: string, at: number, what: string, end = at): string => text.slice(0, at) + what + text.slice(end)
function span(text: string, random: Random): [start: number, end: number] {
  const start = below(random, text.length + 1)
  const length = random() < 0.8 ? 1 + below(random, 16) : below(random, text.length + 1)
  return [start, Math.min(text.length, start + length)]
}
/** A token of the text, chosen without making a list of all. */
function token(text: string, random: Random): [start: number, end: number] {
  const pattern = new RegExp(TOKEN)
  pattern.lastIndex = below(random, text.length)
  const found = pattern.exec(text.slice(0, pattern.lastIndex + 4_096))
  return found === null ? span(text, random) : [found.index, found.index + found[0].length]
}

const flip: Change = (text, random, { isBytes }) => {
  const at = below(random, text.length)
  return text === '' ? text : insert(text, at, String.fromCharCode(text.charCodeAt(at) ^ (1 << below(random, isBytes || random() < 0.7 ? 8 : 16))), at + 1)
}
const remove: Change = (text, random) => {
  const [start, end] = span(text, random)
  return insert(text, start, '', end)
}
const cut: Change = (text, random) => text.slice(0, below(random, text.length + 1))
const twice: Change = (text, random) => {
  const [start, end] = span(text, random)
  return insert(text, end, text.slice(start, end))
}
const often: Change = (text, random, { maxLength }) => {
  const [start, end] = random() < 0.5 ? token(text, random) : span(text, random)
  const piece = text.slice(start, end)
  const times = Math.min(1 + below(random, random() < 0.5 ? 40 : MOST_REPEATS), Math.floor((maxLength - text.length) / Math.max(1, piece.length)))
  return insert(text, end, piece.repeat(Math.max(0, times)))
}
const splice: Change = (text, random, { samples }) => {
  const other = pick(random, samples, '')
  return text.slice(0, below(random, text.length + 1)) + other.slice(below(random, other.length + 1))
}
const graft: Change = (text, random, { samples }) => {
  const other = pick(random, samples, '')
  const [from, to] = token(other, random)
  const [start, end] = token(text, random)
  return insert(text, start, other.slice(from, to), end)
}
const add: Change = (text, random, target) => insert(text, below(random, text.length + 1), hostile(random, target))
const replaceToken: Change = (text, random, target) => {
  const [start, end] = token(text, random)
  return insert(text, start, hostile(random, target), end)
}
const noise: Change = (text, random, { isBytes }) => {
  const [start, end] = span(text, random)
  return insert(text, start, randomText(random, 1 + below(random, 12), isBytes), end)
}
const nest: Change = (text, random, { maxLength }) => {
  const [open, close] = pick(random, [['[', ']'], ['{"a":', '}'], ['(', ')'], ['not ', ''], ['- ', ''], ['{a: ', '}'], ['a/', '']], ['[', ']'])
  const depth = Math.min(1 + below(random, random() < 0.7 ? 100 : 20_000), Math.floor(Math.max(0, maxLength - text.length) / (open.length + close.length)))
  const [start, end] = random() < 0.5 ? token(text, random) : [0, text.length]
  return insert(text, start, open.repeat(depth) + text.slice(start, end) + close.repeat(depth), end)
}

// Some more often than others: those that leave most of the text as it is get further.
const CHANGES: readonly Change[] = [flip, flip, remove, cut, twice, often, splice, graft, graft, add, add, add, replaceToken, replaceToken, replaceToken, replaceToken, noise, nest]

function randomText(random: Random, length: number, isBytes: boolean): string {
  const end = isBytes || random() < 0.5 ? 256 : 65_536
  return Array.from({ length }, () => String.fromCharCode(below(random, end))).join('')
}

/** An input for a target: a sample as it is, changed once or several times, or random characters. */
export function makeInput(target: Target, random: Random): string {
  const chance = random()
  if (chance < 0.03) return randomText(random, below(random, 200), target.isBytes)
  let text = pick(random, target.samples, '')
  if (chance < 0.05) return text
  do text = pick(random, CHANGES, flip)(text, random, target)
  while (random() < 0.45)
  return text.slice(0, target.maxLength)
}
