import { Option } from 'commander'
import type { GetModelOptions } from '../../registry/get-model.js'
import { filled, list } from '../arguments.js'
import { defineRegistryCommand } from '../define-command.js'
import { countText } from '../output/amounts.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

interface GetOptions extends CommonOptions, Pick<GetModelOptions, 'into' | 'overwrite' | 'verify' | 'fallback' | 'environmentFiles'> {
  include: string[]
}

/** `stemma get`: hands out the files of a version, every byte verified. */
export function addGet(line: CommandLine): void {
  defineRegistryCommand(line, {
    usage: 'get <reference>',
    summary: 'Fetch the files of a version, verified, and print the folder that holds them',
    details: 'Without --into the folder is that of the cache, which is read-only and checked again at every call.',
    examples: ['get spam@production', 'get spam@1.0.0 --into ./model', "get spam --include '*.onnx' --include 'tokenizer/**'"]
  })
    .option('--into <folder>', 'write the files to this folder, which must be new or empty')
    .option('--overwrite', 'replace what the folder holds')
    .option('--include <glob>', 'only files that match (may be repeated)', list, [])
    .addOption(new Option('--verify <when>', 're-hash files of the cache that seem to have changed, or all').choices(['changed', 'always']).default('changed'))
    .addOption(new Option('--fallback <what>', 'what to do when the registry cannot be reached').choices(['none', 'last-known-good']).default('none'))
    .option('--environment-files', 'also write package.json, lockfile and the like under .stemma/; needs --into')
    .option('--no-progress', 'no bar')
    .action(async (reference: string, options: GetOptions) => {
      await inSession(line, options, async ({ target, signal, note, give, logger, withProgress }) => {
        const { getModel } = await import('../../registry/root-verbs.js')
        const { into, overwrite, verify, fallback, environmentFiles } = options
        const model = await withProgress((onProgress) =>
          getModel(reference, { registry: target, into, overwrite, include: filled(options.include), verify, fallback, environmentFiles, signal, onProgress })
        )
        const { version, dir, source, stale, healed, environmentDifferences } = model
        if (stale) logger.warn?.('the registry cannot be reached; this is what the reference meant when it was last')
        if (healed.length > 0) logger.warn?.(`fetched again, since the cache was damaged: ${healed.join(', ')}`)
        if (environmentDifferences.length > 0) note(`${countText(environmentDifferences.length, 'difference')} between where it was made and here; --json tells them`)
        await give({ dir, version, source, stale, healed, environmentDifferences }, () => `${dir}\n`)
        return undefined
      })
    })
}
