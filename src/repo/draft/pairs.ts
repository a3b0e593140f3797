/** Whether commits fit together, two by two: merged in memory, many pairs at the cost of one process. */
import { fail, ok, type Result } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { plumb } from '../git';
import type { Repository } from '../repository';

/** Two commits; what both began from, git finds in their history. */
export type Pair = readonly [string, string];

/** For each pair, in order, the paths that a merge of the two could not decide. */
export async function conflictsOf(repo: Repository, pairs: readonly Pair[]): Promise<Result<string[][]>> {
  if (pairs.length === 0) return ok([]);
  const flags = ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages'];
  const stdin = pairs.map((pair) => `${pair.join(' ')}\n`).join('');
  const said = await plumb(repo, [...flags, '--stdin'], { stdin });
  if (said.ok) return readAnswers(said.value.out.toString(), pairs.length);
  // git 2.38 takes two commits at a time only.
  if (!/unknown option|usage:/.test(said.failure.message)) return said;
  const conflicts: string[][] = [];
  for (const pair of pairs) {
    const one = await plumb(repo, [...flags, ...pair], { answers: [1] });
    if (!one.ok) return one;
    const [, ...paths] = one.value.out.toString().split('\0');
    conflicts.push(paths.filter((path) => path !== ''));
  }
  return ok(conflicts);
}

/** Each answer is whether the merge is clean, its tree, and the paths in conflict, each with a NUL behind it; then one more NUL. */
function readAnswers(said: string, count: number): Result<string[][]> {
  const parts = said.split('\0');
  const conflicts: string[][] = [];
  for (let at = 0; at + 2 < parts.length; ) {
    const end = parts.indexOf('', at + 2);
    if (end === -1) break;
    conflicts.push(parts.slice(at + 2, end));
    at = end + 1;
  }
  return conflicts.length === count
    ? ok(conflicts)
    : fail('git', `git merged ${conflicts.length} of ${counted(count, 'pair')}.`, 'Please report this, with the versions of git and Weft.');
}
