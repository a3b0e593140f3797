/** Whether two forecasts of what is written may mean the same file. Pure; errs on the side of yes. */

/** The part of a glob before its first wildcard, up to the last slash: `src/api/**` → `src/api/`. A path without wildcards is itself. */
function stem(glob: string): string {
  const wild = glob.search(/[*?[\]{}!()+@]/);
  return wild === -1 ? glob : glob.slice(0, glob.lastIndexOf('/', wild) + 1);
}

function mayMeet(a: string, b: string): boolean {
  const [one, other] = [stem(a), stem(b)];
  if (one === a && other === b) return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
  return one.startsWith(other) || other.startsWith(one);
}

export function mayOverlap(a: readonly string[], b: readonly string[]): boolean {
  return a.some((one) => b.some((other) => mayMeet(one, other)));
}
