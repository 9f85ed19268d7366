// Where a version came from: `tsx examples/spam/lineage.ts [reference] [mermaid | dot | text]`.
import { lineage, toDot, toMermaid, toText } from 'stemma'
import { runAsProgram } from '../program.js'

const DRAWINGS = { mermaid: toMermaid, dot: toDot, text: toText }

/** The data sets, code and environment that a version was made from, drawn. */
export async function drawLineage(reference = 'spam@production', form: keyof typeof DRAWINGS = 'text'): Promise<string> {
  return DRAWINGS[form](await lineage(reference))
}

await runAsProgram(import.meta.url, async ([reference, form = 'text']) => {
  if (form !== 'mermaid' && form !== 'dot' && form !== 'text') throw new RangeError(`draw as mermaid, dot or text, not as ${form}`)
  console.log(await drawLineage(reference, form))
})
