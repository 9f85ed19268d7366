// A bucket of an object store, as far as the backend needs one, and one in memory that behaves alike.

/** What the listing of a bucket tells of an object. */
export interface BucketObject {
  key: string
  sizeBytes: number
  modifiedAtMs: number
}

/** Every method may reject with what the network says. In brackets: what S3 calls it. */
export interface Bucket {
  /** The bytes from `start` on, `undefined` when there is no such object. [GetObject, Range] */
  get(key: string, start?: number): Promise<Uint8Array | undefined>
  /** Whole or not at all; `false` when the object was there already. [PutObject, If-None-Match: *] */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean>
  /** Whole or not at all. [PutObject] */
  put(key: string, bytes: Uint8Array): Promise<void>
  /** [HeadObject] */
  head(key: string): Promise<BucketObject | undefined>
  /** Copies an object, also onto itself, which makes it new; `false` when it is not there. [CopyObject] */
  copy(from: string, to: string): Promise<boolean>
  /** [DeleteObject] */
  remove(key: string): Promise<void>
  /** Objects by key, all of them. [ListObjectsV2, page by page] */
  list(prefix: string): Promise<BucketObject[]>
}

/** A bucket in memory, which sees writes at once, as S3, GCS, R2 and Azure do. */
export function createMemoryBucket(now: () => number): Bucket {
  const objects = new Map<string, { bytes: Uint8Array; modifiedAtMs: number }>()
  const put = (key: string, bytes: Uint8Array): void => {
    objects.set(key, { bytes: Uint8Array.from(bytes), modifiedAtMs: now() })
  }
  const describe = (key: string): BucketObject | undefined => {
    const found = objects.get(key)
    return found && { key, sizeBytes: found.bytes.byteLength, modifiedAtMs: found.modifiedAtMs }
  }
  return {
    get: (key, start = 0) => Promise.resolve(objects.get(key)?.bytes.slice(start)),
    putIfAbsent: (key, bytes) => {
      const isNew = !objects.has(key)
      if (isNew) put(key, bytes)
      return Promise.resolve(isNew)
    },
    put: (key, bytes) => {
      put(key, bytes)
      return Promise.resolve()
    },
    head: (key) => Promise.resolve(describe(key)),
    copy: (from, to) => {
      const found = objects.get(from)
      if (found) put(to, found.bytes)
      return Promise.resolve(found !== undefined)
    },
    remove: (key) => {
      objects.delete(key)
      return Promise.resolve()
    },
    list: (prefix) => Promise.resolve([...objects.keys()].filter((key) => key.startsWith(prefix)).sort().flatMap((key) => describe(key) ?? []))
  }
}
