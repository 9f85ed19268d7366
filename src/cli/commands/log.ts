import { Option } from 'commander'
import type { LogModelOptions } from '../../registry/log-model.js'
import { list, numberPairs, textPairs } from '../arguments.js'
import { defineRegistryCommand } from '../define-command.js'
import type { InputOptions } from '../log-input.js'
import { countText, sizeText } from '../output/amounts.js'
import { plainText } from '../output/plain-text.js'
import { inSession, type CommandLine, type CommonOptions } from '../session.js'

interface LogOptions extends CommonOptions, InputOptions {
  offline: 'fail' | 'queue'
  actor?: string
  operationId?: string
}

const PARTS = ['code', 'environment', 'hardware', 'environment-files']

/** `stemma log`: logs a model. */
export function addLog(line: CommandLine): void {
  defineRegistryCommand(line, {
    usage: 'log [model] [paths...]',
    summary: 'Log a model: store its files, record how it was made, and print the new version',
    details: 'Paths are files and folders. Git, environment and hardware are captured. A registry folder is made where there is none.',
    examples: [
      'log spam model.onnx labels.txt --metric auc=0.93 --param lr=0.01',
      'log spam out/ --bump minor --dataset data/mails.csv --tag site=berlin',
      'log spam-int8 int8.onnx --derived-from spam@1.0.0:quantized',
      'log spam out/ --metadata run.yaml'
    ]
  })
    .option('--version <semver>', 'exactly this version')
    .addOption(new Option('--bump <part>', 'the highest version, raised by this (default: patch)').choices(['major', 'minor', 'patch', 'prerelease']).conflicts('version'))
    .option('--metric <name=number>', 'a result (may be repeated)', numberPairs, new Map())
    .option('--param <name=value>', 'a hyper-parameter, as JSON or text (may be repeated)', textPairs, new Map())
    .option('--tag <name=value>', 'a tag (may be repeated)', textPairs, new Map())
    .option('--dataset <what>', 'a path or .dvc file to hash, name@version or an address (may be repeated)', list, [])
    .option('--derived-from <reference:relation>', 'what it was made from: fine-tuned, quantized, pruned, distilled, adapter, merged or converted (may be repeated)', list, [])
    .option('--evaluation <json>', `metrics of a part of the data: '{"slice":"site=berlin","metrics":{"auc":0.9}}' (may be repeated)`, list, [])
    .option('--preprocessing <path>', 'files that belong to the model, such as scalers (may be repeated)', list, [])
    .option('--description <text>', 'what it is')
    .option('--alias <name>', 'let an alias point at the new version (may be repeated)', list, [])
    .option('--metadata <file>', 'the input of logModel as JSON or YAML; options add to it')
    .option('--no-capture', 'capture nothing')
    .addOption(new Option('--skip-capture <part...>', 'capture all but this').choices(PARTS))
    .option('--capture-user', "also the user's name")
    .option('--capture-host', "also the host's name")
    .addOption(new Option('--symlinks <how>', 'symbolic links among the files').choices(['error', 'follow']))
    .option('--allow-secret-at <path>', 'metadata that looks like a secret and is none, params.session (may be repeated)', list, [])
    .addOption(new Option('--offline <how>', 'what to do when the registry is out of reach').choices(['fail', 'queue']).default('fail'))
    .option('--actor <name>', 'who logs it; kept in the history (default: STEMMA_ACTOR)')
    .option('--operation-id <id>', 'a repeated command with the same id answers with the first result and logs nothing')
    .option('--no-progress', 'no bar')
    .action(async (model: string | undefined, paths: string[], options: LogOptions) => {
      await inSession(line, options, async ({ signal, give, note, withRegistry, withProgress }) => {
        const { logInput } = await import('../log-input.js')
        const input = await logInput(model, paths, options)
        const { offline, actor, operationId } = options
        const logged = await withRegistry(
          (registry) =>
            withProgress((onProgress) => {
              const how: LogModelOptions<'fail' | 'queue'> = { offline, actor, operationId, signal, onProgress }
              return registry.logModel(input, how)
            }),
          { create: true }
        )
        if ('queued' in logged) {
          // The library has told where it waits, and for what.
          await give(logged, () => '')
          return undefined
        }
        const { name, version, artifactCount, sizeBytes, digest } = logged
        await give(logged, () => `${plainText(`${name}@${version}`)}\n`)
        note(`${countText(artifactCount, 'file')}, ${sizeText(sizeBytes)}, ${digest}`)
        return undefined
      })
    })
}
