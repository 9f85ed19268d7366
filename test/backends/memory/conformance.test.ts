import { createMemoryBackend } from '../../../src/backends/memory/create-memory-backend.js'
import { fixedSources } from '../../support/fixed-sources.js'
import { runConformance } from '../conformance/run-conformance.js'

runConformance('memory', () => Promise.resolve(createMemoryBackend({ sources: fixedSources() })), { durable: false, localFiles: false })
