import { StemmaError } from '../errors/stemma-error.js'
import { foldPath } from './fold-path.js'
import { quote } from './quote.js'

const MAX_PATH_BYTES = 1_024
const MAX_COMPONENT_BYTES = 255
/** Folders that stemma itself writes beside artifacts, folded, without the leading dot. */
const RESERVED_FOLDERS = ['STEMMA', 'REGISTRY']
const WINDOWS_DEVICE = /^(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|COM[0-9]|LPT[0-9])$/
// What most paths are made of: for these the costly rules about Unicode have nothing to say.
const PLAIN = /^[A-Za-z0-9._/+=@,() -]*$/
// Where a plain path may break a rule of components; one that matches is looked at component by component.
const SUSPECT = /^$|^\/|\/\/|[./ ](?:\/|$)|[^/]{256}|(?:^|\/)(?:con|prn|aux|nul|com|lpt)|^\.(?:stemma|registry)/i

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/u
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u

/**
 * Checks the logical path of an artifact: it must mean the same file inside a folder on every system, and nothing outside of
 * it. Nothing is decoded or normalized; a path is taken as it is or refused. The rules are in docs/security.md.
 *
 * @returns the same path.
 * @throws {StemmaError} INVALID_PATH naming the rule, with `details.rule`.
 * @example
 * ```ts
 * checkArtifactPath('weights/model.onnx')
 * ```
 */
export function checkArtifactPath(path: string): string {
  const broken = brokenRule(path)
  if (broken === undefined) return path
  throw new StemmaError('INVALID_PATH', `artifact path ${quote(path)} ${broken.message}`, {
    hint: broken.hint ?? 'Give the artifact a relative path of plain names joined by "/", for instance weights/model.onnx.',
    details: { path, rule: broken.rule }
  })
}

/**
 * Checks the paths of one version together: each by {@link checkArtifactPath}, then that no two are the same, or become the same
 * where case, Unicode form or invisible characters do not count, and that no file is also a folder of another.
 *
 * @throws {StemmaError} INVALID_PATH naming both paths.
 */
export function checkArtifactPaths(paths: readonly string[]): void {
  const files = new Map<string, string>()
  for (const path of paths) {
    const key = foldPath(checkArtifactPath(path))
    const other = files.get(key)
    if (other !== undefined) throw collision(path, other)
    files.set(key, path)
  }
  const folders = new Set<string>()
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end)
      if (folders.has(folder)) break
      folders.add(folder)
      const file = files.get(foldPath(folder))
      if (file !== undefined) throw fileAndFolder(file, path)
    }
  }
}

interface BrokenRule {
  rule: string
  message: string
  hint?: string
}

function brokenRule(path: string): BrokenRule | undefined {
  if (typeof path !== 'string') return { rule: 'string', message: 'is not a string' }
  const plain = PLAIN.test(path)
  if (plain && path.length <= MAX_PATH_BYTES && !SUSPECT.test(path)) return undefined
  return (plain ? undefined : brokenTextRule(path)) ?? brokenShapeRule(path) ?? brokenComponentRules(path, plain)
}

function brokenTextRule(path: string): BrokenRule | undefined {
  if (/\p{Surrogate}/u.test(path)) return { rule: 'well-formed', message: 'is not well-formed Unicode: it has half of a surrogate pair' }
  if (CONTROL.test(path)) return { rule: 'control', message: 'has a control character' }
  if (path.includes('\\')) {
    return {
      rule: 'separator',
      message: 'has a "\\"; the separator is "/" on every system',
      hint: `Use ${quote(path.replaceAll('\\', '/'))}.`
    }
  }
  const character = /[:<>"|?*]/.exec(path)
  if (character) return { rule: 'character', message: `has the character ${quote(character[0])}, which Windows does not allow in names` }
  const invisible = INVISIBLE.exec(path)
  if (invisible) return { rule: 'invisible', message: `has the invisible character ${quote(invisible[0])}` }
  const composed = path.normalize('NFC')
  if (composed !== path) {
    return {
      rule: 'nfc',
      message: `is not in Unicode normal form C, which is ${quote(composed)} (${escapeNonAscii(composed)})`,
      hint: `Use path.normalize('NFC').`
    }
  }
  return undefined
}

function brokenShapeRule(path: string): BrokenRule | undefined {
  if (path === '') return { rule: 'empty', message: 'is empty' }
  const bytes = byteLength(path)
  if (bytes > MAX_PATH_BYTES) return { rule: 'length', message: `has ${bytes} bytes of UTF-8, more than ${MAX_PATH_BYTES}` }
  if (path.startsWith('/'))
    return { rule: 'relative', message: 'starts with "/"; it must be relative', hint: `Use ${quote(path.replace(/^\/+/, ''))}.` }
  if (path.endsWith('/')) return { rule: 'file', message: 'ends with "/"; it must name a file', hint: 'Leave the "/" at the end out.' }
  return undefined
}

function brokenComponentRules(path: string, plain: boolean): BrokenRule | undefined {
  const components = path.split('/')
  for (const [index, component] of components.entries()) {
    const broken = brokenComponentRule(component, plain) ?? (index === 0 ? brokenReservedRule(component) : undefined)
    if (broken) return broken
  }
  return undefined
}

function brokenComponentRule(component: string, plain: boolean): BrokenRule | undefined {
  if (component === '') return { rule: 'component', message: 'has an empty component ("//")' }
  if (component === '.' || component === '..') return { rule: 'component', message: `has the component "${component}"` }
  const last = component.at(-1)
  if (last === ' ' || last === '.') {
    return {
      rule: 'ending',
      message: `has the component ${quote(component)}, which ends with a ${last === '.' ? 'dot' : 'space'}; Windows drops it`
    }
  }
  const bytes = byteLength(component)
  if (bytes > MAX_COMPONENT_BYTES)
    return { rule: 'length', message: `has a component of ${bytes} bytes of UTF-8, more than ${MAX_COMPONENT_BYTES}` }
  if (!plain) {
    const compatible = component.normalize('NFKC')
    if (/[/\\:]/.test(compatible) || /^\.{1,2}$/.test(compatible)) {
      return { rule: 'look-alike', message: `has the component ${quote(component)}, which some systems read as ${quote(compatible)}` }
    }
  }
  const stem = component.split('.', 1).join('').replace(/ +$/, '')
  if (stem.length <= 7 && WINDOWS_DEVICE.test(foldPath(stem))) {
    return { rule: 'device', message: `has the component ${quote(component)}, which is a device on Windows` }
  }
  return undefined
}

/** Whether a first component is a folder of stemma's, or the short name (8.3) that Windows may have given to one. */
function brokenReservedRule(component: string): BrokenRule | undefined {
  const folded = foldPath(component)
  const short = /^\.?([A-Z0-9]{1,6})~[0-9]+(?:\..*)?$/.exec(folded)?.[1]
  const reserved = RESERVED_FOLDERS.some(
    (name) => folded === `.${name}` || (short !== undefined && (name.startsWith(short) || isHashedShortName(short, name)))
  )
  if (!reserved) return undefined
  return {
    rule: 'reserved',
    message: `starts with ${quote(component)}, which is stemma's own folder`,
    hint: 'Put the artifact into another folder.'
  }
}

function isHashedShortName(short: string, name: string): boolean {
  return short.startsWith(name.slice(0, 2)) && /^..[0-9A-F]{4}$/.test(short)
}

function byteLength(text: string): number {
  return Buffer.byteLength(text)
}

function escapeNonAscii(text: string): string {
  return text.replaceAll(/[^\u0020-\u007e]/gu, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`)
}

function collision(path: string, other: string): StemmaError {
  const message =
    path === other
      ? `artifact path ${quote(path)} is given twice`
      : `artifact paths ${quote(other)} and ${quote(path)} are the same file where case or Unicode form does not count`
  return new StemmaError('INVALID_PATH', message, { hint: 'Rename one of them.', details: { path, other, rule: 'collision' } })
}

function fileAndFolder(file: string, path: string): StemmaError {
  return new StemmaError('INVALID_PATH', `artifact path ${quote(file)} is a file, and ${quote(path)} needs a folder of that name`, {
    hint: 'Rename one of them.',
    details: { path, other: file, rule: 'folder' }
  })
}
