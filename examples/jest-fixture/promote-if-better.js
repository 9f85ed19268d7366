// What is under test: a step of a pipeline.

/** Promotes the latest version when its AUC is higher than that of the one in production. */
async function promoteIfBetter(registry, name) {
  const candidate = await registry.getVersion(name)
  const current = await registry.findVersion(`${name}@production`)
  if (current !== undefined && candidate.metrics.auc <= current.metrics.auc) return current
  return registry.transitionStage(`${name}@${candidate.version}`, 'production', {
    reason: `auc ${candidate.metrics.auc}`,
    expectedCurrent: current?.version ?? null
  })
}

module.exports = { promoteIfBetter }
