import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRegistry } from '../../src/registry/open-registry.js'
import { installed, line, newPrefix } from './open.js'
import { runPython } from './python.js'
import { seenVersions } from './rest.js'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stemma-mlflow-python-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

const { python, url } = installed
const environment = { MLFLOW_TRACKING_URI: url }

describe(`MLflow ${line} and Python`, () => {
  it('loads an ONNX model that Node has logged, and describes one in another format', async () => {
    const prefix = newPrefix()
    const path = join(folder, `${prefix}line.onnx`)
    await runPython(python, 'make_onnx.py', [path], {})
    await using registry = await openRegistry(`mlflow+${url}?models=${prefix}`, { cache: join(folder, prefix) })
    const signature = { inputs: [{ name: 'x', type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, 2] } }] }
    await registry.logModel({ name: 'line', artifacts: { 'model.onnx': await readFile(path) }, metrics: { loss: 0.5 }, signature, capture: false })
    await registry.transitionStage('line', 'production')
    await registry.logModel({ name: 'other', artifacts: { 'weights/model.bin': 'weights', 'naïve %41.txt': 'odd name' }, capture: false })

    expect(await runPython(python, 'load_from_node.py', [`${prefix}line`, `${prefix}other`], environment)).toEqual({
      graph: 'line',
      predicted: [[3, 5], [7, 9]],
      by_alias: [[3, 5], [7, 9]],
      flavors: ['onnx', 'python_function', 'stemma'],
      signature: true,
      other_flavors: ['stemma'],
      content: 'weights'
    })
    const loaded = await registry.getModel('other')
    expect(Buffer.from(await loaded.read('naïve %41.txt')).toString()).toBe('odd name')
  })

  it('finds, fetches, promotes and rolls back what Python has logged', async () => {
    const prefix = newPrefix()
    const name = `${prefix}iris`
    const logged = (await runPython(python, 'log_sklearn.py', [name], environment)) as { predictions: number[][] }
    await using registry = await openRegistry(`mlflow+${url}?models=${prefix}`, { cache: join(folder, prefix) })

    const found = []
    for await (const version of registry.search({ where: { 'metrics.accuracy': { gt: 0 } } })) found.push(version)
    expect(found.map(({ sequence, stage, params }) => [sequence, stage, params['C']]).sort()).toEqual([
      [1, 'production', '0.01'],
      [2, 'none', '1.0']
    ])
    const first = await registry.getVersion('iris@champion')
    expect(first).toMatchObject({ sequence: 1, tags: { owner: 'data science' }, description: 'the first one', mlflow: { manifest: 'made', version: '1' } })
    expect(first.artifacts.map(({ path }) => path)).toEqual(expect.arrayContaining(['MLmodel', 'model.pkl']))

    await registry.transitionStage('iris#2', 'production', { expectedCurrent: first.version, reason: 'better' })
    expect((await seenVersions(url, name)).map(({ current_stage }) => current_stage)).toEqual(['Archived', 'Production'])
    const second = await registry.getModel('iris@production')
    expect(await runPython(python, 'predict_sklearn.py', [name, second.dir], environment)).toEqual({
      alias: logged.predictions[1],
      stage: logged.predictions[1],
      folder: logged.predictions[1]
    })

    await registry.rollback('iris', { reason: 'drift' })
    const back = await registry.getModel('iris@production')
    expect(back.version.sequence).toBe(1)
    expect(await runPython(python, 'predict_sklearn.py', [name, back.dir], environment)).toMatchObject({ alias: logged.predictions[0], folder: logged.predictions[0] })
    const entries = []
    for await (const entry of registry.history('iris')) entries.push(entry.type)
    expect(entries).toEqual(['created', 'transition', 'created', 'transition', 'rollback'])
  })
})
