/** Whether two forecasts of what is written may mean the same file. Pure; errs on the side of yes. */

export function mayOverlap(a: readonly string[], b: readonly string[]): boolean {
  return a.some((one) => b.some((other) => isAbove(one, other) || isAbove(other, one) || mayMeet(namesOf(one), namesOf(other))));
}

/** Whether one names, as it stands, a folder in which the other is. */
function isAbove(one: string, other: string): boolean {
  return other.startsWith(`${one}/`);
}

/** A glob, name by name. What ends without a wildcard, and without what looks like the ending of a file, may be a folder, with all that is in it. */
function namesOf(glob: string): string[] {
  // Names of a choice that goes over several of them cannot be told one by one.
  if (/\{[^}]*\//.test(glob)) return ['**'];
  const names = glob.split('/').filter((name) => name !== '' && name !== '.');
  const last = names.at(-1) ?? '';
  return glob.endsWith('/') || (edgesOf(last).isPlain && !/[^.]\./.test(last)) ? [...names, '**'] : names;
}

/** Whether there may be a path that both mean: for all their rests, from the ends on. `**` is any number of names. */
function mayMeet(a: readonly string[], b: readonly string[]): boolean {
  /** Of the rest of `a` that is one name shorter, by what is left of `b`. */
  let shorter: boolean[] = [];
  for (let at = a.length; at >= 0; at--) {
    const row: boolean[] = [];
    for (let to = b.length; to >= 0; to--) row[to] = rests(a[at], b[to], { shorter, row, to });
    shorter = row;
  }
  return shorter[0] === true;
}

function rests(one: string | undefined, other: string | undefined, known: { shorter: boolean[]; row: boolean[]; to: number }): boolean {
  const { shorter, row, to } = known;
  if (one === '**' || other === '**') return (one !== undefined && shorter[to] === true) || (other !== undefined && row[to + 1] === true);
  if (one === undefined || other === undefined) return one === other;
  return shorter[to + 1] === true && namesMayMeet(one, other);
}

/** By what stands before and behind their wildcards. Some disks do not tell upper from lower case. */
function namesMayMeet(a: string, b: string): boolean {
  const [one, other] = [edgesOf(a.toLowerCase()), edgesOf(b.toLowerCase())];
  if (one.isPlain && other.isPlain) return one.head === other.head;
  if (one.isPlain) return isBetween(one.head, other);
  if (other.isPlain) return isBetween(other.head, one);
  const heads = one.head.startsWith(other.head) || other.head.startsWith(one.head);
  return heads && (one.tail.endsWith(other.tail) || other.tail.endsWith(one.tail));
}

interface Edges {
  readonly head: string;
  readonly tail: string;
  readonly isPlain: boolean;
}

function edgesOf(name: string): Edges {
  const first = name.search(/[*?[{(\\]|[!+@](?=\()/);
  if (first === -1) return { head: name, tail: '', isPlain: true };
  const last = Math.max(...['*', '?', ']', '}', ')', '\\'].map((wild) => name.lastIndexOf(wild)));
  // A backslash takes the character behind it for what it is.
  const tail = last <= first ? '' : name.slice(last + 1);
  return { head: name.slice(0, first), tail: name[last] === '\\' ? '' : last === first ? name.slice(first + 1) : tail, isPlain: false };
}

function isBetween(name: string, { head, tail }: Edges): boolean {
  return name.startsWith(head) && name.endsWith(tail);
}
