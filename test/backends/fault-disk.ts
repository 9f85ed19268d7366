/** A file: what a reader sees now, and what was made durable; `undefined` for contents that never were. */
export interface FaultFile {
  kind: 'file'
  bytes: Uint8Array
  durable: Uint8Array | undefined
  mtimeMs: number
}

/** A folder: its names now, those that were made durable, and the changes in between, in order. */
export interface FaultFolder {
  kind: 'folder'
  names: Map<string, FaultNode>
  durable: Map<string, FaultNode>
  pending: NameChange[]
}

/** What a name can stand for. */
export type FaultNode = FaultFile | FaultFolder

/** One change of the names in a folder, all of it or nothing. */
export interface NameChange {
  set: readonly (readonly [name: string, node: FaultNode])[]
  remove: readonly string[]
  /** A change in another folder without which this one cannot be: a file that is moved is never in neither place. */
  requires?: NameChange | undefined
  isDurable: boolean
}

/** A generator of numbers in [0, 1) from a seed: the same ones in every run. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A new, empty folder. */
export function newFolder(): FaultFolder {
  return { kind: 'folder', names: new Map(), durable: new Map(), pending: [] }
}

/** Changes names as every process sees them at once; durable only by {@link syncNames}. */
export function changeNames(folder: FaultFolder, change: Omit<NameChange, 'isDurable'>): NameChange {
  const made = { ...change, isDurable: false }
  folder.pending.push(made)
  applyChange(folder.names, made)
  return made
}

/** Makes the names in a folder durable. */
export function syncNames(folder: FaultFolder): void {
  for (const change of folder.pending) change.isDurable = true
  folder.pending = []
  folder.durable = new Map(folder.names)
}

/**
 * Cuts the power: of the names that were not synced, any subset is kept; contents that were not synced are whole, cut off, zeroed,
 * or gone. What was synced stays.
 */
export function cutPower(root: FaultFolder, seed: number): void {
  const random = seededRandom(seed)
  // Cuts differ in kind: nothing kept, everything kept, and all between.
  const keepShare = [0, 1, 0.5, random()][Math.floor(random() * 4)] ?? 0.5
  const kept = new Set<NameChange>()
  const folders = [root]
  for (const folder of folders) {
    for (const change of folder.pending) if (random() < keepShare) kept.add(change)
    for (const node of folder.names.values()) if (node.kind === 'folder') folders.push(node)
  }
  for (const folder of folders) {
    const names = new Map(folder.durable)
    for (const change of folder.pending) {
      const isAllowed = !change.requires || change.requires.isDurable || kept.has(change.requires)
      if (kept.has(change) && isAllowed) applyChange(names, change)
    }
    folder.names = names
    folder.durable = new Map(names)
    folder.pending = []
  }
  cutContents(root, random)
}

function applyChange(names: Map<string, FaultNode>, { set, remove }: Pick<NameChange, 'set' | 'remove'>): void {
  for (const name of remove) names.delete(name)
  for (const [name, node] of set) names.set(name, node)
}

function cutContents(folder: FaultFolder, random: () => number): void {
  for (const node of folder.names.values()) {
    if (node.kind === 'folder') {
      cutContents(node, random)
      continue
    }
    node.bytes = node.durable ?? tornContent(node.bytes, random)
    node.durable = node.bytes
  }
}

function tornContent(bytes: Uint8Array, random: () => number): Uint8Array {
  const choice = random()
  if (choice < 0.25) return new Uint8Array()
  if (choice < 0.5) return bytes
  if (choice < 0.75) return bytes.slice(0, Math.floor(random() * bytes.byteLength))
  return new Uint8Array(bytes.byteLength)
}
