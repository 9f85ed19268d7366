import { Option } from 'commander'
import { isStemmaError } from '../../errors/stemma-error.js'
import type { GetModelOptions, LoadedModel } from '../../registry/get-model.js'
import { OUT_OF_REACH } from '../../registry/out-of-reach.js'
import { filled, list } from '../arguments.js'
import { defineRegistryCommand } from '../define-command.js'
import { countText } from '../output/amounts.js'
import { inSession, type CommandLine, type CommonOptions, type Session } from '../session.js'

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
      await inSession(line, options, async (session) => {
        const { dir, version, source, stale, healed, environmentDifferences } = await load(reference, options, session)
        if (environmentDifferences.length > 0) session.note(`${countText(environmentDifferences.length, 'difference')} between where it was made and here; --json tells them`)
        await session.give({ dir, version, source, stale, healed, environmentDifferences }, () => `${dir}\n`)
        return undefined
      })
    })
}

async function load(reference: string, options: GetOptions, { target, signal, logger, withRegistry, withProgress }: Session): Promise<LoadedModel> {
  const { into, overwrite, verify, fallback, environmentFiles } = options
  const how = { into, overwrite, include: filled(options.include), verify, fallback, environmentFiles, signal }
  return withProgress(async (onProgress) => {
    try {
      return await withRegistry((registry) => registry.getModel(reference, { ...how, onProgress }))
    } catch (error) {
      if (fallback === 'none' || !isStemmaError(error, ...OUT_OF_REACH)) throw error
      // The library's own function also knows the cache of a registry that cannot be opened.
      const { getModel } = await import('../../registry/root-verbs.js')
      const model = await getModel(reference, { ...how, registry: target, onProgress })
      // A registry that was opened says so itself.
      if (model.stale) logger.warn?.('the registry cannot be reached; this is what the reference meant when it last answered')
      return model
    }
  })
}
