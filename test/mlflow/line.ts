/** The lines of MLflow that everything is proven on: the newest release, and the last of the one before. */
export const LINES = ['3.x', '2.x'] as const
/** A line of MLflow. */
export type Line = (typeof LINES)[number]

/** What the tests of a line are called together: `vitest --project 'MLflow 3.x'` runs them alone. */
export function projectName(line: Line): string {
  return `MLflow ${line}`
}
