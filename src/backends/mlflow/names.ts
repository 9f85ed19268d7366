import { checkModelName } from '../../record/model-name.js'
import { isStemmaError } from '../../errors/stemma-error.js'

/** How models are called in MLflow, which allows no `/` in a name: `risk/credit-score` is `risk~credit-score` there. */
export interface Names {
  /** The registered model of a model. */
  toMlflow(model: string): string
  /** The model of a registered model; `undefined` for one that is not in this registry, or whose name no model can have. */
  fromMlflow(name: string): string | undefined
  /** The registered model whose versions are the entries of the journal. No model has that name. */
  readonly journal: string
}

/** @param prefix what all registered models of the registry begin with; others are left alone. */
export function createNames(prefix: string): Names {
  return {
    journal: `${prefix}.stemma-journal`,
    toMlflow: (model) => `${prefix}${model.replaceAll('/', '~')}`,
    fromMlflow(name) {
      if (!name.startsWith(prefix) || name.includes('/')) return undefined
      const model = name.slice(prefix.length).replaceAll('~', '/')
      try {
        return checkModelName(model)
      } catch (error) {
        if (isStemmaError(error, 'INVALID_NAME')) return undefined
        throw error
      }
    }
  }
}
