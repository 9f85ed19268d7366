/** What hints of the library call by its name there, and how it is said on the command line. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/ \(discardQueued\)/g, ''],
  [/ \(createServer: allowedHosts\)/g, ''],
  [/\bmodels\(\)/g, 'stemma list'],
  [/\bversions\('([^']*)'\)/g, 'stemma list $1'],
  [/\bhistory\('([^']*)'\)/g, 'stemma history $1'],
  [/\btransitionStage\('([^']*)', '([^']*)'\)/g, 'stemma stage $1 $2'],
  [/\btransitionStage\b(?:\(\))?/g, 'stemma stage'],
  [/\bverify\(\)/g, 'stemma verify'],
  [/\blogModel, or openRegistry with create: true, makes/g, 'stemma log makes'],
  [/\b(?:openRegistry|STEMMA_REGISTRY=\S+ or openRegistry)\('([^']*)'\)/g, '--registry $1'],
  [/\bGive openRegistry a token, or set STEMMA_TOKEN\b/g, 'Set STEMMA_TOKEN'],
  [/\bname it as `to`/g, 'name it with --to'],
  [/\bsay overwrite: true\b/g, 'give --overwrite'],
  [/\bpass force: true\b/g, 'give --force'],
  [/\bexpectedCurrent: '([^']*)', or null for none/g, '--expected-current $1, or none'],
  [/\bexpectedCurrent\b/g, '--expected-current'],
  [/\boperationId\b/g, '--operation-id'],
  [/\ballowSecretsAt: \["([^"]*)"\]/g, '--allow-secret-at $1'],
  [/\bincludeDeleted: true\b/g, '--deleted'],
  [/\bgetModel\(ref, \{ into: '([^']*)', environmentFiles: true \}\)/g, '--into $1 --environment-files'],
  [/\bflushOutbox\(\)/g, 'stemma outbox flush'],
  [/\btags, description, metrics, aliases, removeAliases, approval\b/g, '--tag, --remove-tag, --description, --metric, --alias, --remove-alias, --approve-by, --reject-by']
]

/** A hint of the library in the words of the command line. What is not known stays as it is. */
export function commandWords(hint: string): string {
  return WORDS.reduce((text, [said, meant]) => text.replace(said, meant), hint)
}
