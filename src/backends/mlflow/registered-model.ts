import { isStemmaError } from '../../errors/stemma-error.js'
import type { MlflowClient } from './client.js'
import { MLFLOW, type RegisteredModel } from './endpoints.js'

/** A registered model as it is now; made when it is not there. */
export async function registeredModel(client: MlflowClient, name: string): Promise<RegisteredModel> {
  const get = async () => (await client.call(MLFLOW.getRegisteredModel, { query: { name } })).registered_model
  try {
    return await get()
  } catch (error) {
    if (!isStemmaError(error, 'NOT_FOUND')) throw error
  }
  await ensureRegisteredModel(client, name)
  return get()
}

/** Makes a registered model; no error when it is there. */
export async function ensureRegisteredModel(client: MlflowClient, name: string): Promise<void> {
  try {
    await client.call(MLFLOW.createRegisteredModel, { body: { name } })
  } catch (error) {
    if (!isStemmaError(error, 'ALREADY_EXISTS')) throw error
  }
}
