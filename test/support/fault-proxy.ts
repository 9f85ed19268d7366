import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { once } from 'node:events'

/** `up`: from the client to the server. `down`: from the server to the client. */
export type Direction = 'up' | 'down'

/** When a fault strikes: at a byte of one direction, counted over all connections, or at the first byte of a reply (the first is 1). */
export type FaultPlace = { direction: Direction; afterBytes: number } | { reply: number }

/**
 * What happens there.
 * - `reset`: both ends get a RST; `end`: the receiver gets a FIN in the middle, as from a proxy that was restarted,
 * - `stall`: nothing comes any more, and nothing closes,
 * - `drip`: one byte every `everyMs`, for ever; `delay`: the bytes come `everyMs` late, once,
 * - `corrupt`: one byte has another value.
 *
 * At `{ reply: n }` a `reset` is a lost reply: the server has done what was asked, and the client does not learn of it.
 */
export type FaultKind = 'reset' | 'end' | 'stall' | 'drip' | 'delay' | 'corrupt'

/** One fault; it strikes once, or, with `again`, each time that as many bytes or replies have passed since the last time. */
export type Fault = FaultPlace & { kind: FaultKind; everyMs?: number | undefined; again?: boolean | undefined }

/** A TCP proxy on loopback that does what networks do. */
export interface FaultProxy {
  readonly port: number
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  /** Bytes, connections and replies since the last `arm`. */
  readonly counts: Readonly<{ up: number; down: number; connections: number; replies: number; struck: number }>
  /** Counts anew, with this fault; `undefined`: none. Connections that are open stay. */
  arm(fault: Fault | undefined): void
  /** Closes all connections; a new one can be made. */
  dropAll(): void
  close(): Promise<void>
}

/** Starts a proxy before a server on loopback. `targetPort` is asked for each connection, since a server may come back on another port. */
export async function startFaultProxy(targetPort: () => number): Promise<FaultProxy> {
  const counts = { up: 0, down: 0, connections: 0, replies: 0, struck: 0 }
  const sockets = new Set<Socket>()
  let armed: Fault | undefined
  const state: ProxyState = { counts, fault: () => armed, disarm: () => (armed = undefined) }
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    counts.connections++
    const upstream = connect({ port: targetPort(), host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    }
    link(client, upstream, state)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const dropAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    counts,
    arm: (fault) => {
      armed = fault
      Object.assign(counts, { up: 0, down: 0, connections: 0, replies: 0, struck: 0 })
    },
    dropAll,
    close: () => closeServer(server, dropAll)
  }
}

interface ProxyState {
  counts: { up: number; down: number; connections: number; replies: number; struck: number }
  fault: () => Fault | undefined
  disarm: () => void
}

function link(client: Socket, upstream: Socket, state: ProxyState): void {
  // A reply begins with the first byte that comes down after one that went up.
  let asked = false
  const both = [client, upstream]
  pump(client, upstream, both, 'up', state, () => {
    asked = true
    return undefined
  })
  pump(upstream, client, both, 'down', state, () => {
    if (!asked) return undefined
    asked = false
    return ++state.counts.replies
  })
}

/** Carries bytes one way; `replyAt` says which reply a chunk begins, if any. */
function pump(from: Socket, to: Socket, both: readonly Socket[], direction: Direction, state: ProxyState, replyAt: () => number | undefined): void {
  let blocked = false
  let isDelayed = false
  const send = (bytes: Uint8Array): void => {
    if (bytes.byteLength === 0 || to.destroyed) return
    if (!to.write(bytes)) {
      from.pause()
      to.once('drain', () => {
        if (!isDelayed) from.resume()
      })
    }
  }
  from.on('data', (chunk: Buffer) => {
    // What comes after the fault vanishes, as packets do.
    if (blocked) return
    const before = state.counts[direction]
    state.counts[direction] += chunk.byteLength
    const place = strikeIn(state.fault(), direction, before, chunk.byteLength, replyAt())
    const fault = state.fault()
    if (place === undefined || fault === undefined) {
      send(chunk)
      return
    }
    state.counts.struck++
    if (fault.again === true) Object.assign(state.counts, { [direction]: 0, replies: 0 })
    else state.disarm()
    const rest = chunk.subarray(place)
    switch (fault.kind) {
      case 'reset':
        // What was sent before has to leave first: a RST overtakes what still waits in this process.
        if (place === 0) for (const socket of both) socket.resetAndDestroy()
        else
          to.write(chunk.subarray(0, place), () => {
            for (const socket of both) socket.resetAndDestroy()
          })
        blocked = true
        break
      case 'end':
        to.end(chunk.subarray(0, place))
        blocked = true
        from.destroySoon()
        break
      case 'stall':
        send(chunk.subarray(0, place))
        blocked = true
        from.resume()
        break
      case 'drip':
        send(chunk.subarray(0, place))
        blocked = true
        from.resume()
        drip(rest, to, fault.everyMs ?? 1_000)
        break
      case 'delay':
        send(chunk.subarray(0, place))
        isDelayed = true
        from.pause()
        setTimeout(() => {
          isDelayed = false
          from.resume()
          send(rest)
        }, fault.everyMs ?? 1_000)
        break
      case 'corrupt': {
        const damaged = Buffer.from(chunk)
        damaged[place] = (damaged[place] ?? 0) ^ 0x20
        send(damaged)
      }
    }
  })
  from.on('end', () => {
    if (!blocked) to.end()
    else if (!to.writableEnded) for (const socket of both) socket.resetAndDestroy()
  })
  // With the other end gone there is nobody to carry for.
  from.on('error', () => {
    for (const socket of both) if (!socket.destroyed) socket.resetAndDestroy()
  })
  from.on('close', () => {
    if (to.destroyed || to.writableEnded) return
    if (blocked) to.resetAndDestroy()
    else to.end()
  })
}

/** Where in a chunk the fault strikes; `undefined`: not in this one. */
function strikeIn(fault: Fault | undefined, direction: Direction, before: number, length: number, reply: number | undefined): number | undefined {
  if (fault === undefined) return undefined
  if ('reply' in fault) return direction === 'down' && reply === fault.reply ? 0 : undefined
  if (fault.direction !== direction || fault.afterBytes < before || fault.afterBytes >= before + length) return undefined
  return fault.afterBytes - before
}

function drip(bytes: Uint8Array, to: Socket, everyMs: number): void {
  let position = 0
  const timer = setInterval(() => {
    if (to.destroyed || position >= bytes.byteLength) clearInterval(timer)
    else to.write(bytes.subarray(position, ++position))
  }, everyMs)
}

async function closeServer(server: Server, dropAll: () => void): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  dropAll()
  await closed
}
