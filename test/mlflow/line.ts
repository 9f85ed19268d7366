/** The lines of MLflow that everything is proven on: the newest release, and the last of the one before. */
export const LINES = ['3.x', '2.x'] as const
/** A line of MLflow. */
export type Line = (typeof LINES)[number]
