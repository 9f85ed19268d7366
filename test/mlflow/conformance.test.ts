import { runConformance } from '../backends/conformance/run-conformance.js'
import { openOn } from './open.js'
import { LINES } from './python.js'

const LACKS = { durable: false, localFiles: false, garbageCollection: false }

for (const line of LINES) runConformance(`MLflow ${line}`, () => openOn(line), LACKS)
