import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Build } from './build.js'
import { startChild, type Child } from './child.js'
import type { Base } from './format/check-store.js'
import { readStore } from './format/read-store.js'
import { OPERATIONS, placeIn, prepare, writeInputs, type Operation } from './operations.js'
import { checkAnswerSchema, type CheckRequest } from './protocol.js'

/** What every part of the suite works with. */
export interface Bench {
  build: Build
  /** A folder for stores, removed at the end; in memory where the machine has one. */
  folder: string
  /** Chooses where not everything can be tried. */
  seed: number
  /** Multiplies the work, for runs on demand. */
  scale: number
}

/** What a part came to. */
export interface Result {
  /** What was counted, for people: `412 points`. */
  counts: string
  violations: string[]
}

export interface Suite {
  id: string
  title: string
  run(bench: Bench): Promise<Result>
}

/** A state that operations start from, as a folder to be copied. */
export interface Template {
  folder: string
  base: Base
}

/** Makes the states that operations start from. */
export async function makeTemplates(folder: string, operations: readonly Operation[] = OPERATIONS): Promise<Map<Operation['base'], Template>> {
  const templates = new Map<Operation['base'], Template>()
  writeInputs(join(folder, 'inputs'))
  for (const { base } of operations) {
    if (templates.has(base)) continue
    const place = placeIn(join(folder, `template-${base}`))
    await prepare(base, place)
    templates.set(base, { folder: place.folder, base: fingerprint(place.store) })
  }
  return templates
}

/** The events that a store holds. */
export function fingerprint(store: string): Base {
  return readStore(store).models.map(({ name, hashes }) => ({ name, hashes }))
}

/** A fresh copy of a template. */
export function copyTemplate(templates: ReadonlyMap<Operation['base'], Template>, operation: Operation, target: string): Base {
  const template = templates.get(operation.base)
  if (!template) throw new Error(`no template ${operation.base}`)
  rmSync(target, { recursive: true, force: true })
  cpSync(template.folder, target, { recursive: true, preserveTimestamps: true })
  return template.base
}

/** A checker process that answers with what is wrong. */
export function startChecker(build: Build): { check: (request: CheckRequest) => Promise<string[]>; child: Child } {
  const child = startChild(join(build.folder, 'checker.cjs'))
  return {
    child,
    async check(request) {
      const answer = await child.ask(request)
      return answer.kind === 'answered' ? checkAnswerSchema.parse(answer.value).problems : [`I11 the checker ${answer.kind}: ${answer.errors}`]
    }
  }
}

/** One lane of work: a step for each item, and an end. */
export interface Lane<T> {
  step(item: T): Promise<void>
  end(): Promise<void>
}

/** Runs work in lanes, each with a folder of its own; each takes the next item when it is free. */
export async function inLanes<T>(items: readonly T[], count: number, folder: string, open: (folder: string) => Lane<T>): Promise<void> {
  let next = 0
  const run = async (index: number): Promise<void> => {
    const place = join(folder, `lane-${index}`)
    mkdirSync(place, { recursive: true })
    writeInputs(join(place, 'inputs'))
    const lane = open(place)
    try {
      for (let at = next++; at < items.length; at = next++) {
        const item = items[at]
        if (item !== undefined) await lane.step(item)
      }
    } finally {
      await lane.end()
    }
  }
  await Promise.all(Array.from({ length: count }, (_, index) => run(index)))
}
