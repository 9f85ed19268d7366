/** Errors that say that the registry is out of reach, not that the answer is no. */
export const OUT_OF_REACH = ['REGISTRY_UNAVAILABLE', 'IO', 'ACCESS_DENIED', 'STORE_INVALID'] as const
