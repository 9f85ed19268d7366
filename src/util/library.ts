/** What events say wrote them: the package and its version, held equal to package.json by a test. */
export const LIBRARY = 'stemma/0.1.0'
