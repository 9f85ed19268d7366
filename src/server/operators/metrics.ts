import type { Counter, Gauge, Histogram } from 'prom-client'
import type { Outcome } from '../access-log.js'

/** Figures for Prometheus. */
export interface Metrics {
  /** Counts a request that has ended. */
  count(outcome: Outcome): void
  /** The text that Prometheus reads, and its type. */
  show(): Promise<{ text: string; contentType: string }>
}

/** What is asked for when the figures are read. */
export interface MetricSources {
  running(): number
  watchers(): number
  openUploads(): number
}

const SECONDS = [0.005, 0.02, 0.1, 0.5, 2, 10, 60]

/** Keeps the figures of one server in a register of its own: a program may have others. */
export async function openMetrics(from: MetricSources): Promise<Metrics> {
  const prometheus = await import('prom-client')
  const register = new prometheus.Registry()
  const registers = [register]
  const requests: Counter = new prometheus.Counter({ name: 'stemma_http_requests_total', help: 'Requests that have ended', labelNames: ['route', 'method', 'status'], registers })
  const durations: Histogram = new prometheus.Histogram({ name: 'stemma_http_request_duration_seconds', help: 'From the headers of a request to the end of its reply', labelNames: ['route'], buckets: SECONDS, registers })
  const received: Counter = new prometheus.Counter({ name: 'stemma_http_received_bytes_total', help: 'Bytes that came in', registers })
  const sent: Counter = new prometheus.Counter({ name: 'stemma_http_sent_bytes_total', help: 'Bytes that went out', registers })
  const aborted: Counter = new prometheus.Counter({ name: 'stemma_http_aborted_total', help: 'Requests whose connection ended before the reply did', registers })
  const gauge = (name: string, help: string, read: () => number): Gauge =>
    new prometheus.Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      }
    })
  gauge('stemma_http_requests_running', 'Requests under way', () => from.running())
  gauge('stemma_watchers', 'Streams of changes that are open', () => from.watchers())
  gauge('stemma_open_uploads', 'Uploads under way in this process', () => from.openUploads())
  gauge('stemma_resident_memory_bytes', 'Memory of the process', () => process.memoryUsage.rss())
  return {
    count: (entry) => {
      // Names that come from outside are no labels: each would be kept for ever.
      const route = entry.route ?? 'none'
      requests.inc({ route, method: entry.route === undefined ? 'other' : entry.method, status: entry.status })
      // How long a stream of changes is open says nothing about the server, and what could not be read as a request has no beginning.
      if (route !== 'changes' && entry.method !== '') durations.observe({ route }, entry.durationMs / 1_000)
      received.inc(Math.max(0, entry.bytesIn))
      sent.inc(Math.max(0, entry.bytesOut))
      if (entry.aborted) aborted.inc()
    },
    show: async () => ({ text: await register.metrics(), contentType: register.contentType })
  }
}
