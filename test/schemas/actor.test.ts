import { describe, expect, it } from 'vitest'
import { actorSchema, saidActorSchema } from '../../src/schemas/actor.js'

const isSaid = (actor: string): boolean => saidActorSchema.safeParse(actor).success
const isKept = (actor: string): boolean => actorSchema.safeParse(actor).success

describe('who asks', () => {
  it.each(['ci', 'Zoë Ångström', 'نازنین‌زهرا', '👩‍💻', 'release bot (nightly) <ci@example.org>', 'x'.repeat(256)])('may be %s', (actor) => {
    expect([isSaid(actor), isKept(actor)]).toEqual([true, true])
  })

  it.each([
    ['nothing', ''],
    ['more than 256 characters', 'x'.repeat(257)],
    ['two lines', 'ann\nbob'],
    ['a carriage return', 'ann\r'],
    ['a line separator', 'ann\u2028bob'],
    ['an escape sequence', '\u001b[31mann'],
    ['a control character', 'ann\u009b'],
    ['text that is turned', 'ann\u202enimda'],
    ['an isolate', '\u2066ann\u2069'],
    ['what nobody sees', 'a\u200bnn'],
    ['half a surrogate pair', 'ann\ud83d']
  ])('may not be %s', (_title, actor) => {
    expect([isSaid(actor), isKept(actor)]).toEqual([false, false])
  })

  it('may be longer by the name of a token alone', () => {
    expect(isKept(`${'x'.repeat(256)} via ${'t'.repeat(64)}`)).toBe(true)
    expect(isSaid(`${'x'.repeat(256)} via ci`)).toBe(false)
    expect(isKept(`${'x'.repeat(257)} via ci`)).toBe(false)
    expect(isKept(`${'x'.repeat(256)} via two words`)).toBe(false)
  })
})
