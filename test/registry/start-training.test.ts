import { describe, expect, it } from 'vitest'
import { MAX_LOGGED_POINTS, MAX_SERIES, startTraining } from '../../src/registry/start-training.js'
import { checkMetadata } from '../../src/record/metadata-value.js'
import { trainingSchema } from '../../src/schemas/training.js'
import { systemSources, type Sources } from '../../src/util/sources.js'

/** A clock that goes on by `stepMs` each time it is asked. */
function clock(stepMs: number): Sources {
  let ms = 1_000
  return { ...systemSources, now: () => Date.UTC(2026, 2, 1, 12), monotonicNow: () => (ms += stepMs) }
}

describe('startTraining', () => {
  it('records params, metrics and time', () => {
    const training = startTraining({ params: { trees: 200 }, sources: clock(10) })
    training.param('learningRate', 0.1)
    training.params({ trees: 300, layers: [64, 32] })
    training.metric('loss', 0.5)
    training.metric('loss', 0.25)
    training.metric('auc', 0.9, 7)
    expect(training.finish()).toEqual({
      startedAt: '2026-03-01T12:00:00.000Z',
      finishedAt: '2026-03-01T12:00:00.040Z',
      durationMs: 40,
      params: { trees: 300, learningRate: 0.1, layers: [64, 32] },
      series: {
        loss: [
          { step: 0, value: 0.5, elapsedMs: 10 },
          { step: 1, value: 0.25, elapsedMs: 20 }
        ],
        auc: [{ step: 7, value: 0.9, elapsedMs: 30 }]
      }
    })
  })

  it('ends once: the same result, the same duration, and nothing after it', () => {
    const training = startTraining({ sources: clock(10) })
    expect(training.elapsedMs).toBe(10)
    const first = training.finish()
    expect(training.finish()).toBe(first)
    expect(training.elapsedMs).toBe(first.durationMs)
    expect(() => {
      training.metric('loss', 1)
    }).toThrow(expect.objectContaining({ code: 'CLOSED' }))
    expect(() => {
      training.param('a', 1)
    }).toThrow(expect.objectContaining({ code: 'CLOSED' }))
  })

  it.each([NaN, Infinity, -Infinity])('refuses %s, and keeps nothing of it', (value) => {
    const training = startTraining()
    const invalid = expect.objectContaining({ code: 'INVALID_METADATA' }) as Error
    expect(() => {
      training.metric('loss', value)
    }).toThrow(invalid)
    expect(() => {
      training.metric('loss', 1, value)
    }).toThrow(invalid)
    expect(() => {
      training.param('rate', value)
    }).toThrow(invalid)
    expect(training.finish()).toMatchObject({ params: {}, series: {} })
  })

  it('refuses names that cannot be stored', () => {
    const training = startTraining()
    expect(() => {
      training.param('__proto__', { polluted: true })
    }).toThrow(expect.objectContaining({ code: 'INVALID_METADATA' }))
    expect(() => {
      training.metric('__proto__', 1)
    }).toThrow(expect.objectContaining({ code: 'INVALID_METADATA' }))
  })

  it('copies params, so that later changes of the caller do not count', () => {
    const layers = [64]
    const training = startTraining({ params: { layers } })
    layers.push(32)
    expect(training.finish().params).toEqual({ layers: [64] })
  })

  it('keeps a long training small enough to be logged, with its first and last points', () => {
    const training = startTraining({ sources: clock(0.123456789) })
    const steps = 200_000
    for (let step = 0; step < steps; step += 1) for (const name of ['loss', 'accuracy']) training.metric(name, Math.sin(step) + step)
    const result = training.finish()
    expect(trainingSchema.parse(result)).toEqual(result)
    expect(() => checkMetadata(result, 'training')).not.toThrow()
    expect(result.recordedPoints).toEqual({ loss: steps, accuracy: steps })
    for (const points of Object.values(result.series)) {
      expect(points).toHaveLength(MAX_LOGGED_POINTS / 2)
      expect([points[0]?.step, points.at(-1)?.step]).toEqual([0, steps - 1])
      expect(points.at(-1)?.value).toBe(Math.sin(steps - 1) + steps - 1)
    }
  })

  it('refuses more metrics than a version can hold', () => {
    const training = startTraining()
    for (let index = 0; index < MAX_SERIES; index += 1) training.metric(`metric ${index}`, index)
    expect(() => {
      training.metric('one more', 1)
    }).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }))
    training.metric('metric 0', 5)
    expect(Object.keys(training.finish().series)).toHaveLength(MAX_SERIES)
  })
})
