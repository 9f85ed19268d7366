import type { Socket } from 'node:net'

/** What was counted up to the request before. */
const counted = new WeakMap<Socket, { read: number; written: number }>()

/**
 * Begins to count the bytes of one exchange on its connection.
 *
 * @returns to be called when it has ended: the bytes since the exchange before it on the same connection.
 */
export function trafficOf(socket: Socket): () => { bytesIn: number; bytesOut: number } {
  return () => {
    const before = counted.get(socket) ?? { read: 0, written: 0 }
    const now = { read: socket.bytesRead, written: socket.bytesWritten }
    counted.set(socket, now)
    return { bytesIn: now.read - before.read, bytesOut: now.written - before.written }
  }
}
