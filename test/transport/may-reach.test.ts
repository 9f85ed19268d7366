import { describe, expect, it } from 'vitest'
import { mayReach } from '../../src/transport/may-reach.js'

const HOSTS: Readonly<Record<string, readonly string[]>> = {
  'mlflow.example.org': ['93.184.216.34'],
  's3.example.com': ['93.184.216.35'],
  'minio.internal': ['10.1.2.3'],
  'mlflow.internal': ['10.1.2.2'],
  'both.example.com': ['93.184.216.36', '10.0.0.1']
}

function ask(url: string, server: string, isProxied = false): Promise<boolean> {
  const resolveHost = (hostname: string): Promise<readonly string[]> => {
    const found = HOSTS[hostname]
    return found ? Promise.resolve(found) : Promise.reject(new Error('ENOTFOUND'))
  }
  return mayReach(new URL(url), { server: new URL(server), isProxied, resolveHost })
}

describe('mayReach', () => {
  it.each([
    ['https://s3.example.com/bucket', 'https://mlflow.example.org', 'one public host to another'],
    ['http://minio.internal:9000/b', 'http://mlflow.internal:5000', 'within a private network'],
    ['https://s3.example.com/bucket', 'http://mlflow.internal:5000', 'from a private network to the public one'],
    ['http://127.0.0.1:9000/b', 'http://127.0.0.1:5000', 'on this machine'],
    ['http://mlflow.example.org:9000/b', 'http://mlflow.example.org', 'another port of the server itself']
  ])('goes to %s from %s: %s', async (url, server) => {
    expect(await ask(url, server)).toBe(true)
  })

  it.each([
    ['http://minio.internal:9000/b', 'http://mlflow.example.org', 'a public server that names a private host'],
    ['http://169.254.169.254/latest', 'http://mlflow.example.org', 'the metadata of a cloud'],
    ['http://[::1]:9000/b', 'http://mlflow.example.org', 'this machine'],
    ['http://both.example.com/b', 'http://mlflow.example.org', 'a host with a private address among others'],
    ['http://s3.example.com/b', 'https://mlflow.example.org', 'from https to http'],
    ['https://user:secret@s3.example.com/b', 'https://mlflow.example.org', 'a user in the address'],
    ['file:///etc/passwd', 'http://mlflow.internal', 'no http'],
    ['https://unknown.example.com/b', 'https://mlflow.example.org', 'a host that nobody knows']
  ])('does not go to %s from %s: %s', async (url, server) => {
    expect(await ask(url, server)).toBe(false)
  })

  it('leaves names to a proxy, and judges addresses', async () => {
    expect(await ask('https://unknown.example.com/b', 'https://mlflow.example.org', true)).toBe(true)
    expect(await ask('https://10.0.0.1/b', 'https://mlflow.example.org', true)).toBe(false)
  })
})
