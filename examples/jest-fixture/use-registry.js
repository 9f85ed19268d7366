const { createTestRegistry } = require('stemma/testing')

/** Call it at the top of a test file: `used.registry` is then a new registry for each test. */
function useRegistry(options) {
  const used = {}
  beforeEach(() => {
    used.registry = createTestRegistry(options)
  })
  afterEach(() => used.registry.close())
  return used
}

module.exports = { useRegistry }
