import { isStemmaError, StemmaError } from '../../errors/stemma-error.js'
import type { CallOptions } from '../../util/options.js'
import type { MlflowClient } from './client.js'
import { MLFLOW } from './endpoints.js'

/** Finds the experiment that runs of a model belong to. */
export type ExperimentOf = (model: string, options: CallOptions) => Promise<string>

/**
 * Runs go to the experiment that MLFLOW_EXPERIMENT_ID or MLFLOW_EXPERIMENT_NAME says, as those of Python do, else to `stemma/<model>`,
 * which is made when it is not there.
 */
export function createExperiments(client: MlflowClient, environment: Readonly<Record<string, string | undefined>>, prefix: string): ExperimentOf {
  const known = new Map<string, string>()

  const find = async (name: string, { signal }: CallOptions): Promise<string | undefined> => {
    try {
      const { experiment } = await client.call(MLFLOW.getExperiment, { query: { experiment_name: name }, signal })
      if (experiment.lifecycle_stage !== 'deleted') return experiment.experiment_id
    } catch (error) {
      if (isStemmaError(error, 'NOT_FOUND')) return undefined
      throw error
    }
    throw new StemmaError('CONFLICT', `the experiment ${name} was deleted on ${client.baseUrl}, and its name is still taken`, {
      hint: 'Restore it, or name another one by MLFLOW_EXPERIMENT_NAME.',
      details: { experiment: name }
    })
  }

  const create = async (name: string, options: CallOptions): Promise<string> => {
    try {
      return (await client.call(MLFLOW.createExperiment, { body: { name }, signal: options.signal })).experiment_id
    } catch (error) {
      if (!isStemmaError(error, 'ALREADY_EXISTS')) throw error
      const found = await find(name, options)
      if (found === undefined) throw error
      return found
    }
  }

  return async (model, options) => {
    const id = environment['MLFLOW_EXPERIMENT_ID']
    if (id) return id
    const name = environment['MLFLOW_EXPERIMENT_NAME'] || `${prefix}stemma/${model}`
    const found = known.get(name) ?? (await find(name, options)) ?? (await create(name, options))
    known.set(name, found)
    return found
  }
}
