import { describe, expect, it } from 'vitest'
import { createNames } from '../../../src/backends/mlflow/names.js'
import { storedPath } from '../../../src/backends/mlflow/placement.js'
import { audienceAlias, mlflowStage, stageOf } from '../../../src/backends/mlflow/wanted.js'

describe('names', () => {
  it('go to MLflow and come back', () => {
    const names = createNames('team-')
    for (const name of ['credit-score', 'risk/credit-score', 'a/b/C.d_e']) expect(names.fromMlflow(names.toMlflow(name))).toBe(name)
    expect(names.toMlflow('risk/credit-score')).toBe('team-risk~credit-score')
  })

  it('are none for what belongs to others, or could be no model', () => {
    const names = createNames('team-')
    for (const name of ['credit-score', names.journal, 'team-my model', 'team-', 'team-~a', 'team-a~~b']) expect(names.fromMlflow(name)).toBeUndefined()
  })
})

describe('placement', () => {
  it('keeps names that every server keeps, and puts others under their digest', () => {
    const digest = `sha256:${'a'.repeat(64)}`
    expect(storedPath({ path: 'weights/model-1.0 (b).onnx', digest })).toBe('weights/model-1.0 (b).onnx')
    for (const path of ['naïve.bin', '100%25.txt', 'a#b', "it's", 'a~b;c']) expect(storedPath({ path, digest })).toBe(`.stemma/blobs/${'a'.repeat(64)}`)
  })
})

describe('wanted', () => {
  it('has the words of MLflow', () => {
    expect([audienceAlias('default'), audienceAlias('berlin.north')]).toEqual(['production', 'production-berlin_2enorth'])
    expect(['none', 'staging', 'production', 'archived', 'shadow', 'constructor'].map(mlflowStage)).toEqual(['None', 'Staging', 'Production', 'Archived', undefined, undefined])
    expect(['None', 'production', 'ARCHIVED', undefined, 'Odd'].map(stageOf)).toEqual(['none', 'production', 'archived', 'none', 'none'])
  })
})
