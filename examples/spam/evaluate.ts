// How well a filter does on mails that it has not seen: on all of them, and on each part of them that somebody cares about.
import type { Evaluation } from 'stemma'
import { GROUPS, readMails, type Mail } from './corpus.js'
import { predict, type SpamFilter } from './model.js'

/** A mail counts as spam from this probability on. */
export const THRESHOLD = 0.5

/** Results on all test mails, and for each group and format. */
export function evaluate(filter: SpamFilter): { metrics: Record<string, number>; evaluations: Evaluation[] } {
  const mails = GROUPS.flatMap((group) => readMails(group, 'test'))
  const judged = mails.map((mail) => judge(filter, mail))
  const slice = (name: string, belongs: (mail: Mail) => boolean): Evaluation => ({
    dataset: 'spam-assassin',
    slice: name,
    metrics: measure(judged.filter(({ mail }) => belongs(mail)))
  })
  return {
    metrics: measure(judged),
    evaluations: [
      ...GROUPS.map((group) => slice(`group=${group}`, (mail) => mail.group === group)),
      slice('format=html', (mail) => mail.isHtml),
      slice('format=plain', (mail) => !mail.isHtml)
    ]
  }
}

interface Judged {
  mail: Mail
  flagged: boolean
  /** How surprised the filter is by what the mail is. */
  loss: number
}

function judge(filter: SpamFilter, mail: Mail): Judged {
  const probability = predict(filter, mail.words)
  return { mail, flagged: probability >= THRESHOLD, loss: -Math.log(Math.max(1e-12, mail.isSpam ? probability : 1 - probability)) }
}

/** `caught`: the share of spam that was found; `blocked`: the share of good mail that was taken for spam; `logLoss`: lower is surer. */
function measure(judged: readonly Judged[]): Record<string, number> {
  const spam = judged.filter(({ mail }) => mail.isSpam)
  const ham = judged.filter(({ mail }) => !mail.isSpam)
  const caught = spam.filter(({ flagged }) => flagged).length
  const blocked = ham.filter(({ flagged }) => flagged).length
  return {
    accuracy: (caught + ham.length - blocked) / judged.length,
    logLoss: judged.reduce((sum, { loss }) => sum + loss, 0) / judged.length,
    ...(spam.length > 0 && { caught: caught / spam.length }),
    ...(ham.length > 0 && { blocked: blocked / ham.length })
  }
}
