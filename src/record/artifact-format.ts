import type { ArtifactRole } from '../schemas/artifact.js'
import { CODE_FORMATS, CONFIG_FORMATS, DOCUMENT_FORMATS, FORMAT_OF_EXTENSION, WEIGHT_FORMATS } from './format-table.js'
import { guessTextFormat, sniffFormat } from './sniff-format.js'

/** Formats that are another one inside: the name refines what the bytes show. */
const REFINED_BY_NAME: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['pickle', new Set(['joblib'])],
  ['gzip', new Set(['joblib', 'pickle'])],
  ['bzip2', new Set(['joblib'])],
  ['xz', new Set(['joblib'])],
  ['zip', new Set(['pytorch', 'keras', 'npz'])]
])

// No bare "encoder" or "transformer": those are most often networks.
const PREPROCESSING_WORDS = [
  'preprocess(?:ing|or)?',
  'scaler',
  'imputer',
  'vectori[sz]er',
  'normali[sz](?:er|ation)',
  'discreti[sz]er',
  'binari[sz]er',
  '(?:label|one[_-]?hot|ordinal|target|feature|categorical)[_-]?encoders?',
  'feature[_-]?extractor',
  'image[_-]?processor',
  'transforms?'
]
const PREPROCESSING_NAME = new RegExp(`(?:^|[_.-])(?:${PREPROCESSING_WORDS.join('|')})(?=[_.-]|$)`)

/**
 * The format of an artifact: from its first bytes where they are given and tell, else from its name. Bytes win, so that a pickle
 * called `model.onnx` is a pickle. It is a label; nothing is parsed.
 *
 * @param head the first bytes; 512 are enough for every format known here.
 * @returns `onnx`, `safetensors`, `pickle`, `json` …; `binary` if unknown.
 * @example
 * ```ts
 * formatOf('weights/model.safetensors') // 'safetensors'
 * ```
 */
export function formatOf(path: string, head?: Uint8Array): string {
  const named = formatOfName(path)
  if (head === undefined || head.length === 0) return named ?? 'binary'
  const sniffed = sniffFormat(head)
  if (sniffed !== undefined) return named !== undefined && REFINED_BY_NAME.get(sniffed)?.has(named) ? named : sniffed
  if (named === 'json' || named === 'tfjs') return jsonFormat(head)
  return named ?? guessTextFormat(head) ?? 'binary'
}

/**
 * The part that an artifact plays in its model, from its name first (`scaler.pkl` is preprocessing, `tokenizer.json` a tokenizer),
 * then from its format.
 */
export function roleOf(path: string, format: string): ArtifactRole {
  const lower = path.toLowerCase()
  const name = nameOf(lower)
  if (isTokenizer(lower, name)) return 'tokenizer'
  if (isDocumentation(name, format)) return 'documentation'
  if (CODE_FORMATS.has(format) || /^(?:dockerfile|makefile)$/.test(name)) return 'code'
  if (isPreprocessing(lower, name)) return 'preprocessing'
  if (isWeights(name, format)) return 'weights'
  if (CONFIG_FORMATS.has(format) || /^(?:requirements.*|labels|classes|conda.*)\.(?:txt|csv)$/.test(name) || name === 'mlmodel')
    return 'config'
  return 'other'
}

function formatOfName(path: string): string | undefined {
  const name = nameOf(path.toLowerCase())
  if (name === 'model.json') return 'tfjs'
  if (name === 'mlmodel') return 'yaml'
  if (/^(?:spiece|sentencepiece.*|tokenizer)\.model$/.test(name)) return 'sentencepiece'
  if (/^(?:readme|license|licence|notice|changelog)$/.test(name)) return 'text'
  const dot = name.lastIndexOf('.')
  return dot === -1 ? undefined : FORMAT_OF_EXTENSION.get(name.slice(dot + 1))
}

/** JSON of the libraries that keep their models in it. */
function jsonFormat(head: Uint8Array): string {
  const text = new TextDecoder().decode(head)
  if (/"(?:modelTopology|weightsManifest)"|"format"\s*:\s*"(?:layers|graph)-model"/.test(text)) return 'tfjs'
  return /^\s*\{\s*"(?:learner|version"\s*:\s*\[[^\]]*\]\s*,\s*"learner)"/.test(text) ? 'xgboost' : 'json'
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function isTokenizer(path: string, name: string): boolean {
  return (
    /(?:^|\/)tokenizers?\//.test(path) ||
    /^(?:tokenizer|vocab|merges|special_tokens_map|added_tokens|spiece|sentencepiece)[\w-]*\.(?:json|txt|model|bpe|vocab)$/.test(name) ||
    name.endsWith('.tiktoken') ||
    /^chat_template\./.test(name)
  )
}

function isDocumentation(name: string, format: string): boolean {
  return DOCUMENT_FORMATS.has(format) || /^(?:readme|license|licence|notice|changelog|model[_-]?card|datasheet)(?:\.|$)/.test(name)
}

function isPreprocessing(path: string, name: string): boolean {
  return /(?:^|\/)(?:preprocess(?:ing|or|ors)?|transforms?)\//.test(path) || PREPROCESSING_NAME.test(name)
}

function isWeights(name: string, format: string): boolean {
  return WEIGHT_FORMATS.has(format) || /\.(?:bin|weights|params)$/.test(name) || /\.data-\d{5}-of-\d{5}$/.test(name)
}
