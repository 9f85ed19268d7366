import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Makes an authority: `<name>.crt` and `<name>.key` in the folder. */
export async function makeAuthority(folder: string, name: string): Promise<void> {
  await run('openssl', ['req', '-x509', ...KEY, '-days', '2', '-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`], { cwd: folder })
}

/**
 * Makes a certificate for this machine that an authority of the same folder vouches for: `<name>.crt`, `<name>.key`, and both in `<name>.pem`,
 * as MLflow wants those of clients.
 */
export async function makeCertificate(folder: string, name: string, authority: string): Promise<void> {
  await run('openssl', ['req', ...KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`], { cwd: folder })
  await writeFile(join(folder, `${name}.ext`), 'subjectAltName=IP:127.0.0.1\n')
  const signing = ['-CA', `${authority}.crt`, '-CAkey', `${authority}.key`, '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`]
  await run('openssl', ['x509', '-req', '-in', `${name}.csr`, ...signing, '-out', `${name}.crt`], { cwd: folder })
  const parts = await Promise.all(['crt', 'key'].map((kind) => readFile(join(folder, `${name}.${kind}`), 'utf8')))
  await writeFile(join(folder, `${name}.pem`), parts.join(''))
}
