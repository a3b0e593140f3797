/** The differences of files between two commits, in words for an agent. */
import { ok, type Result } from '../../domain/failure';
import { plumb } from '../../repo/git';
import type { Repository } from '../../repo/repository';

/** So many characters of the differences are shown to an agent. */
const MAX_DIFF = 20_000;

/** The differences of some files between two commits, cut to a length that an agent can take. */
export async function differencesText(repo: Repository, before: string, after: string, paths: readonly string[]): Promise<Result<string>> {
  const flags = ['-r', '-p', '--no-color', '--no-ext-diff', '--no-textconv', '--no-renames'];
  const said = await plumb({ ...repo, cwd: repo.workTree }, ['diff-tree', ...flags, before, after, '--', ...paths]);
  if (!said.ok) return said;
  const text = said.value.out.toString();
  return ok(text.length > MAX_DIFF ? `${text.slice(0, MAX_DIFF)}\n[The rest is cut: read the files.]` : text);
}
