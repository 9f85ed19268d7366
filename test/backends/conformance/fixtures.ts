// What the conformance suite works with, for tests of one backend.
export {
  all,
  EMPTY_BIRTH,
  failure,
  logVersion,
  move,
  numberOf,
  prepareVersion,
  readText,
  textSource
} from '../../../src/testing/conformance/fixtures.js'
