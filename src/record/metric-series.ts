import type { MetricPoint } from '../schemas/training.js'

/** The points of one metric, in bounded memory: when there are too many, every second one goes, evenly over the whole series. */
export interface MetricSeries {
  /** How many points were recorded, kept or not. */
  readonly count: number
  add(point: MetricPoint): void
  /** At most `maxPoints` (2 or more) of the points, evenly spaced, the first and the last among them. */
  thinned(maxPoints: number): MetricPoint[]
}

/** Points that a series holds at most. */
export const MAX_POINTS_IN_MEMORY = 10_000

/** An empty series. */
export function metricSeries(maxInMemory: number = MAX_POINTS_IN_MEMORY): MetricSeries {
  let points: MetricPoint[] = []
  let last: MetricPoint | undefined
  let count = 0
  let stride = 1
  return {
    get count() {
      return count
    },
    add: (point) => {
      if (count % stride === 0) points.push(point)
      last = point
      count += 1
      if (points.length < maxInMemory) return
      points = points.filter((_, index) => index % 2 === 0)
      stride *= 2
    },
    thinned: (maxPoints) => thin(last === undefined || points.at(-1) === last ? points : [...points, last], maxPoints)
  }
}

function thin(points: readonly MetricPoint[], maxPoints: number): MetricPoint[] {
  if (points.length <= maxPoints) return [...points]
  const step = (points.length - 1) / (maxPoints - 1)
  return Array.from({ length: maxPoints }, (_, index) => points[Math.round(index * step)]).filter((point) => point !== undefined)
}
