import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it("README's first command tells the whole story", () => {
  const folder = mkdtempSync(join(tmpdir(), 'stemma-story-'))
  try {
    const output = execFileSync('npm', ['run', '--silent', 'quickstart'], {
      cwd: join(import.meta.dirname, '../..'),
      env: { ...process.env, TMPDIR: folder },
      encoding: 'utf8'
    })
    expect(output).toContain('gate: 1.0.0 promoted\n     first release')
    expect(output).toContain('gate: 1.0.1 REFUSED')
    expect(output).toContain('gate: 1.0.2 promoted')
    expect(output).toContain('the service serves 1.0.0')
    expect(output).toContain(`Registry: ${join(folder, 'stemma-quickstart-')}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
