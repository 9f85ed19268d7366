import type { StoreFs } from '../../io/store-fs.js'
import { systemErrorCode } from '../../io/system-error.js'
import { EVENT_MODE } from './model-folders.js'

/**
 * How what must appear whole, and only once, gets its name; `store.json` says which of them a store uses.
 * - `link`: a file that is written already gets its second name, which fails when that is taken.
 * - `rename`: where there are no hard links (exFAT, some network folders), a slot is a folder with the file in it. A folder is never renamed
 *   onto one that has something in it.
 */
export type Publish = 'link' | 'rename'

/** How slots are written. Errors are those of the operating system. */
export interface SlotFiles {
  /** The file that has the bytes of a slot. */
  fileOf: (slot: string) => string
  /** Writes bytes under a temporary path, durable if `sync`. */
  write: (temporary: string, bytes: Uint8Array, sync: boolean) => Promise<void>
  /** Gives what was written the name of a slot; `false` when that is taken. All or nothing, and seen by all at once. */
  publish: (temporary: string, slot: string) => Promise<boolean>
  /** Removes what was written, or what is left of it. */
  discard: (temporary: string) => Promise<void>
}

/** The file in a slot that is a folder. */
const CONTENT = 'content.json'

/** The way of a store to write slots. */
export function createSlotFiles(publish: Publish, fs: StoreFs): SlotFiles {
  return publish === 'link' ? linkedFiles(fs) : renamedFolders(fs)
}

function linkedFiles(fs: StoreFs): SlotFiles {
  return {
    fileOf: (slot) => slot,
    write: (temporary, bytes, sync) => fs.writeNew(temporary, bytes, { mode: EVENT_MODE, sync }),
    publish: async (from, to) => {
      try {
        await fs.link(from, to)
        return true
      } catch (error) {
        if (systemErrorCode(error) === 'EEXIST') return false
        throw error
      }
    },
    discard: (temporary) => fs.unlink(temporary)
  }
}

function renamedFolders(fs: StoreFs): SlotFiles {
  const fileOf = (slot: string): string => `${slot}/${CONTENT}`
  return {
    fileOf,
    write: async (temporary, bytes, sync) => {
      await fs.makeFolder(temporary, { mode: 0o777, sync: false })
      await fs.writeNew(fileOf(temporary), bytes, { mode: EVENT_MODE, sync })
      if (sync) await fs.syncFolder(temporary)
    },
    publish: async (from, to) => {
      try {
        await fs.rename(from, to)
        return true
      } catch (error) {
        const code = systemErrorCode(error) ?? ''
        if (code === 'ENOTEMPTY' || code === 'EEXIST') return false
        // What Windows says of a name that is taken is what it says of one that may not be written, too.
        if ((code === 'EPERM' || code === 'EACCES') && fs.exists(fileOf(to))) return false
        throw error
      }
    },
    discard: async (temporary) => {
      await fs.unlink(fileOf(temporary)).catch(() => undefined)
      await fs.removeFolder(temporary)
    }
  }
}
