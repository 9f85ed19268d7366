/** The results of both, when both have ended, also where one failed: what is given up then is not touched again. */
export async function allOf<A, B>(first: Promise<A> | A, second: Promise<B> | B): Promise<[A, B]> {
  await Promise.allSettled([first, second])
  return Promise.all([first, second])
}
