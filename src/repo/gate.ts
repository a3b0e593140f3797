/** How many pieces of work go on side by side. */

/** Does some work as soon as there is room for it; in order. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/** Lets so many pieces of work in at once. Work that waits here must not be let in by the same gate, or it would wait for itself. */
export function gateFor(most: number): Gate {
  let inside = 0;
  const queue: (() => void)[] = [];
  return async (work) => {
    if (inside >= most) await new Promise<void>((go) => queue.push(go));
    else inside++;
    try {
      return await work();
    } finally {
      // Who comes next takes this one's place.
      const next = queue.shift();
      if (next === undefined) inside--;
      else next();
    }
  };
}
