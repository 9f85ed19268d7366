// Train in Node, log to MLflow, load in Python, promote from Node, serve. Needs an MLflow server, and a Python with mlflow, onnx and
// onnxruntime:
//
//   MLFLOW_TRACKING_URI=http://localhost:5000 PYTHON=python3 npx tsx examples/mlflow/main.ts
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openRegistry, startTraining } from 'stemma'
import * as z from 'zod'
import { runAsProgram } from '../program.js'
import { onnxFile } from './onnx-file.js'
import { accuracy, fit, makeLoans, predict } from './train.js'

const NAME = process.env['EXAMPLE_MODEL'] ?? 'example-loans'
const weightsSchema = z.object({ weights: z.array(z.number()), bias: z.number() })

await runAsProgram(import.meta.url, async () => {
  await using registry = await openRegistry('mlflow://')

  const training = startTraining()
  const loans = makeLoans(500)
  const learned = fit(loans, 40)
  const logged = await registry.logModel({
    name: NAME,
    artifacts: { 'model.onnx': onnxFile(learned), 'weights.json': JSON.stringify(learned) },
    params: { epochs: 40 },
    metrics: { accuracy: accuracy(learned, loans) },
    signature: { inputs: [{ name: 'features', type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, 2] } }] },
    training
  })
  console.log(`logged ${logged.name}@${logged.version}, accuracy ${accuracy(learned, loans).toFixed(3)}`)

  const python = fileURLToPath(new URL('predict.py', import.meta.url))
  const { stdout } = await promisify(execFile)(process.env['PYTHON'] ?? 'python3', [python, NAME, String(logged.sequence)])
  console.log(`Python says  ${stdout.trim()}`)

  await registry.transitionStage(`${NAME}@${logged.version}`, 'production', { reason: 'Python and Node agree' })

  const live = await registry.getModel(`${NAME}@production`)
  const served = weightsSchema.parse(JSON.parse(Buffer.from(await live.read('weights.json')).toString()))
  const server = createServer((request, response) => {
    const features = new URL(request.url ?? '/', 'http://localhost').searchParams.getAll('feature').map(Number)
    response.end(predict(served, features).toFixed(4))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ask = async (income: number, debt: number): Promise<string> => (await fetch(`http://127.0.0.1:${port}/?feature=${income}&feature=${debt}`)).text()
  console.log(`Node serves  ${await ask(5, 4.5)} ${await ask(4.5, 5)}`)
  server.close()
})
