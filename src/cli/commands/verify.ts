import { defineRegistryCommand } from '../define-command.js'
import { EXIT } from '../exit-codes.js'
import { verificationText } from '../output/report-text.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

/** `stemma verify`: re-reads everything, and says what is damaged. */
export function addVerify(line: CommandLine): void {
  defineRegistryCommand(line, {
    usage: 'verify [reference]',
    summary: 'Re-read every event and re-hash every byte, of the registry or of one version',
    details: `Ends with ${EXIT.damaged} when anything is damaged or missing.`,
    examples: ['verify', 'verify spam@production', 'verify --json']
  })
    .option('--no-progress', 'no bar')
    .action(async (reference: string | undefined, options: CommonOptions) => {
      await inSession(line, options, async ({ signal, paint, give, withRegistry, withProgress }) => {
        const report = await withRegistry((registry) => withProgress((onProgress) => registry.verify(reference, { signal, onProgress })))
        await give(report, () => verificationText(report, paint))
        return report.ok ? undefined : EXIT.damaged
      })
    })
}
