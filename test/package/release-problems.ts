/** What is read of a package before it is published. */
export interface ReleaseInput {
  /** `v1.2.3`. */
  tag: string
  /** Of package.json. */
  version: string
  /** Of package.json; npm refuses provenance without it. */
  repository: string | undefined
  /** The text of CHANGELOG.md. */
  changelog: string
}

/** Why a tag must not be published as it is; empty when it may. */
export function releaseProblems({ tag, version, repository, changelog }: ReleaseInput): string[] {
  const headings = changelog.split('\n').filter((line) => line.startsWith('## '))
  const heading = headings.find((line) => line.startsWith(`## [${version}]`))
  return [
    ...(tag === `v${version}` ? [] : [`the tag is ${tag}, package.json says ${version}: wanted v${version}`]),
    ...(repository === undefined ? ['package.json has no repository: provenance names the source, and npm compares the two'] : []),
    ...(heading === undefined ? [`CHANGELOG.md has no heading "## [${version}] - <date>"`] : []),
    ...(heading !== undefined && !/ - \d{4}-\d{2}-\d{2}$/.test(heading) ? [`CHANGELOG.md gives no date for ${version}: wanted "## [${version}] - 2026-03-01"`] : [])
  ]
}
