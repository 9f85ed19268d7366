// What is under test: the part of a service that keeps the model it serves up to date.
import type { LoadedModel, Registry } from 'stemma'

/** Serves the version that is live for an audience. */
export interface ModelService {
  readonly version: string
  /** Loads what is live now; when that fails, what was served stays. */
  refresh(): Promise<void>
}

export async function startModelService(registry: Registry, name: string, audience: string): Promise<ModelService> {
  const load = (): Promise<LoadedModel> => registry.getModel(`${name}@production?audience=${audience}`)
  let model = await load()
  return {
    get version() {
      return model.version.version
    },
    async refresh() {
      model = await load().catch(() => model)
    }
  }
}
