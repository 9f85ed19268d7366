import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freshPath, program, type Workspace } from './workspace.js'

/** A server process. */
export interface Served {
  url: string
  /** Highest resident memory so far, MiB. */
  peakMiB(): number
  stop(): Promise<void>
}

/** Serves a folder by stemma, as a process of its own. */
export async function serveStemma(registry: string): Promise<Served> {
  const child = spawn(process.execPath, [program('http-server'), registry], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return {
    url,
    peakMiB: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8'))?.[1]) / 1024,
    async stop() {
      child.stdin.end()
      await once(child, 'exit')
    }
  }
}

/** Serves a folder by nginx, with PUT (dav); `undefined` where there is no nginx. */
export async function serveNginx(workspace: Workspace): Promise<(Omit<Served, 'peakMiB'> & { root: string }) | undefined> {
  if (spawnSync('nginx', ['-v']).error) return undefined
  const folder = freshPath(workspace, 'nginx')
  const root = join(folder, 'root')
  mkdirSync(join(folder, 'tmp'), { recursive: true })
  mkdirSync(root)
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/tmp;`).join(' ')
  writeFileSync(
    join(folder, 'nginx.conf'),
    `user root; daemon off; pid ${folder}/pid; error_log ${folder}/error.log; worker_processes 1; events {}
     http { access_log off; sendfile on; tcp_nopush on; client_max_body_size 0; ${temporary}
       server { listen 127.0.0.1:${port}; root ${root}; dav_methods PUT DELETE; } }`
  )
  const child = spawn('nginx', ['-c', join(folder, 'nginx.conf')], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  while (spawnSync('curl', ['-s', '-o', '/dev/null', url]).status !== 0) if (child.exitCode !== null) throw new Error('nginx did not start')
  return {
    url,
    root,
    async stop() {
      child.kill('SIGQUIT')
      await once(child, 'exit')
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  server.close()
  await once(server, 'close')
  return port
}
