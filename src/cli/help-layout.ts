import { Help, type Command, type Option } from 'commander'

/** Options that most commands have; they stand behind a command's own. */
const COMMON = new Set(['--registry', '--proxy', '--allow-insecure-http', '--json', '--no-progress', '--help'])
const library = new Help()

/** How help is laid out: a command's own options first, and no defaults that say nothing. */
export const HELP_LAYOUT = {
  visibleOptions: (command: Command): Option[] => {
    const options = library.visibleOptions(command)
    const isCommon = ({ long }: Option): boolean => COMMON.has(long ?? '')
    return [...options.filter((option) => !isCommon(option)), ...options.filter(isCommon)]
  },
  optionDescription: (option: Option): string => library.optionDescription(option).replace(/ \(default: (\{\}|\[\])\)$/, '')
}
