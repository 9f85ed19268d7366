import type { Backend } from '../backend.js'
import { deleteVersion, transition, updateMetadata } from './change-version.js'
import { createVersion } from './create-version.js'
import type { Engine } from './engine.js'
import { collectGarbage } from './garbage.js'
import { history } from './history.js'
import { lineage } from './lineage.js'
import type { AllVersions } from './load-all.js'
import { resolveCommit } from './resolve-commit.js'
import { rollback } from './rollback.js'
import { search } from './search.js'
import { verify } from './verify.js'

/** The verbs that a service which only hands out models does not call. */
export type LaterVerbs = Pick<
  Backend,
  | 'createVersion'
  | 'transition'
  | 'rollback'
  | 'updateMetadata'
  | 'deleteVersion'
  | 'search'
  | 'history'
  | 'lineage'
  | 'verify'
  | 'collectGarbage'
  | 'resolveCommit'
>

/** Binds them to an engine. In a file of their own: they load together when one of them is called. */
export function laterVerbs(engine: Engine, allVersions: AllVersions): LaterVerbs {
  return {
    createVersion: (request, call) => createVersion(engine, request, call),
    transition: (request, call) => transition(engine, request, call),
    rollback: (request, call) => rollback(engine, request, call),
    updateMetadata: (request, call) => updateMetadata(engine, request, call),
    deleteVersion: (request, call) => deleteVersion(engine, request, call),
    search: (query, call) => search(engine, allVersions, query, call),
    history: (target, call) => history(engine, target, call),
    lineage: (request, call) => lineage(engine, allVersions, request, call),
    verify: (request, call) => verify(engine, request, call),
    collectGarbage: (request, call) => collectGarbage(engine, request, call),
    resolveCommit: (name, commitId, call) => resolveCommit(engine, name, commitId, call)
  }
}
