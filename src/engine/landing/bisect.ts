/** Which of several changes do not fit with the rest: found with few checks. Pure but for the check that it is given. */
import { ok, type Result } from '../../domain/failure';

/** A change that turned the check red, on top of those that fit and came before it. */
export interface Guilty<T, V> {
  readonly item: T;
  readonly onTopOf: readonly T[];
  readonly verdict: V;
}

export interface Sorted<T, V> {
  /** Those that fit, in order; together they were checked, and green. */
  readonly fit: readonly T[];
  readonly guilty: readonly Guilty<T, V>[];
}

/**
 * Checks changes together, and where that is red, finds the first one that turns it red: of a pair that does not fit together, the
 * later. It is left out, and the rest is checked again. One check where all is well; for each guilty one among n, at most
 * 2 + log2(n), rounded up. What is under all of them is taken to be green.
 */
export async function sortOut<T, V extends { readonly ok: boolean }>(
  items: readonly T[],
  check: (items: readonly T[]) => Promise<Result<V>>,
): Promise<Result<Sorted<T, V>>> {
  let fit: readonly T[] = [];
  let rest = items;
  const guilty: Guilty<T, V>[] = [];
  while (rest.length > 0) {
    const whole = await check([...fit, ...rest]);
    if (!whole.ok) return whole;
    if (whole.value.ok) return ok({ fit: [...fit, ...rest], guilty });
    // Green with the first `green` of the rest, red with the first `red`.
    let [green, red, verdict] = [0, rest.length, whole.value];
    while (red - green > 1) {
      const middle = Math.floor((green + red) / 2);
      const half = await check([...fit, ...rest.slice(0, middle)]);
      if (!half.ok) return half;
      if (half.value.ok) green = middle;
      else [red, verdict] = [middle, half.value];
    }
    fit = [...fit, ...rest.slice(0, green)];
    for (const item of rest.slice(green, red)) guilty.push({ item, onTopOf: fit, verdict });
    rest = rest.slice(red);
  }
  return ok({ fit, guilty });
}
