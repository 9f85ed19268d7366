import { Duplex } from 'node:stream'

/** The two ends of a connection within this process: what is written to one is read from the other. */
export interface SocketPair {
  client: Duplex
  /** With what a server of `node:http` asks of a socket. */
  server: Duplex
}

/** Connects a client and a server without a network: a port would have to be free, and allowed. */
export function createSocketPair(): SocketPair {
  const client = createEnd(() => server)
  const server = createEnd(() => client)
  return { client, server }
}

function createEnd(other: () => MemoryEnd): MemoryEnd {
  /** Called when this end has taken what the other one wrote. */
  let resume: (() => void) | undefined
  const counts = { bytesRead: 0, bytesWritten: 0 }
  const duplex = new Duplex({
    emitClose: true,
    read() {
      const taken = resume
      resume = undefined
      taken?.()
    },
    write(chunk: Uint8Array, _encoding, done) {
      counts.bytesWritten += chunk.byteLength
      other().receive(chunk, done)
    },
    final(done) {
      other().receive(null, done)
    },
    destroy(error, done) {
      // The other end learns of it as of a connection that was cut.
      setImmediate(() => other().destroy())
      done(error)
    }
  })
  const receive = (chunk: Uint8Array | null, done: () => void): void => {
    counts.bytesRead += chunk?.byteLength ?? 0
    if (duplex.destroyed || duplex.push(chunk) || chunk === null) done()
    else resume = done
  }
  const self = (): MemoryEnd => end
  const socket: Record<string, typeof self> = { setNoDelay: self, setKeepAlive: self, ref: self, unref: self }
  // Nothing here is slow because of a network.
  socket.setTimeout = self
  const end: MemoryEnd = Object.assign(duplex, socket, {
    receive,
    remoteAddress: '127.0.0.1',
    destroySoon: () => {
      duplex.end(() => duplex.destroy())
    }
  })
  Object.defineProperties(end, { bytesRead: { get: () => counts.bytesRead }, bytesWritten: { get: () => counts.bytesWritten } })
  return end
}

type MemoryEnd = Duplex & {
  receive: (chunk: Uint8Array | null, done: () => void) => void
}
