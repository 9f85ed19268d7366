export { StemmaError, isStemmaError, type StemmaErrorOptions } from './errors/stemma-error.js'
export { ERROR_CODES, type ErrorCode } from './errors/codes.js'
export { toText } from './record/draw-lineage-text.js'
export { toDot, toMermaid } from './record/draw-lineage.js'
export { openRegistry, type OpenRegistryOptions } from './registry/open-registry.js'
export {
  collectGarbage,
  compare,
  deleteVersion,
  discardQueued,
  findVersion,
  flushOutbox,
  getModel,
  getVersion,
  history,
  lineage,
  logModel,
  models,
  rollback,
  search,
  transitionStage,
  updateMetadata,
  verify,
  versions,
  watch
} from './registry/root-verbs.js'
export { startTraining, type StartTrainingOptions, type TrainingRecorder } from './registry/start-training.js'

export type { ArtifactContent, ArtifactContentEntry, ArtifactsInput } from './artifacts/artifacts-input.js'
export type { BackendCapabilities, MutationOptions } from './backends/backend.js'
export type { GarbageOptions } from './registry/collect-garbage.js'
export type { Logger } from './registry/context.js'
export type { RootOptions } from './registry/default-registry.js'
export type { DeleteOptions } from './registry/delete-version.js'
export type { GetModelOptions, LoadedModel } from './registry/get-model.js'
export type { LineageOptions, LineageOrigin } from './registry/lineage.js'
export type { OutboxReport } from './registry/flush-outbox.js'
export type { Logged, LogModelInput, LogModelOptions, Offline } from './registry/log-model.js'
export type { QueuedModel } from './registry/outbox/queued-model.js'
export type { Registry, VersionReference } from './registry/registry.js'
export type { RollbackOptions } from './registry/rollback.js'
export type { Stage, TransitionOptions } from './registry/transition-stage.js'
export type { MetadataChanges } from './registry/update-metadata.js'
export type { VersionsOptions } from './registry/versions.js'
export type { Artifact, ArtifactRole, Manifest } from './schemas/artifact.js'
export type { Captured, Code, Environment, EnvironmentFile, Hardware, Unavailable } from './schemas/captured.js'
export type { Difference, EvaluationDifference, NumberDifference, VersionComparison } from './schemas/comparison.js'
export type { Dataset } from './schemas/dataset.js'
export type { Derivation, DerivationRelation } from './schemas/derivation.js'
export type { Digest } from './schemas/digest.js'
export type { Evaluation } from './schemas/evaluation.js'
export type { Change, HistoryEntry } from './schemas/history.js'
export type { JsonValue } from './schemas/json-value.js'
export type { LineageEdge, LineageGraph, LineageNode } from './schemas/lineage.js'
export type { ArtifactEntry, CaptureOptions, DatasetInput, DerivationInput } from './schemas/log-input.js'
export type { Approval, Deletion, LiveSince, ModelSummary, ModelVersion, StageSince } from './schemas/model-version.js'
export type { Policy } from './schemas/policy.js'
export type { ReferenceInput } from './schemas/reference.js'
export type { GarbageReport, Problem, VerificationReport } from './schemas/report.js'
export type { Condition, Order, SearchQuery, SearchScalar, Where } from './schemas/search.js'
export type { MetricPoint, Training } from './schemas/training.js'
export type { CallOptions, Progress, TransferOptions } from './util/options.js'
export type { Sources } from './util/sources.js'
