/** Whether what an agent names are files of its draft: its process is not trusted to have looked. */
import { fail, ok, type Result } from '../../domain/failure';
import { parsePath } from '../../domain/path';
import type { Repository } from '../../repo/repository';
import { lookUp } from '../../repo/trees';

/** Fails at the first path that is none: out of the workspace, a folder, or a link, which might lead out. `commit`: the draft. */
export async function onlyFiles(repo: Repository, commit: string, paths: readonly string[]): Promise<Result<void>> {
  for (const path of paths) {
    const parsed = parsePath(path);
    if (!parsed.ok) return parsed;
  }
  const found = await lookUp(repo, commit, paths);
  if (!found.ok) return found;
  const odd = paths.find((path) => {
    const entry = found.value.get(path);
    return entry === undefined || entry === 'folder' || !entry.mode.startsWith('100');
  });
  if (odd === undefined) return ok();
  const why = `${JSON.stringify(odd.slice(0, 200))} is no file of your draft, or a symbolic link, which is not followed.`;
  return fail('input', why, 'Name files that list_files shows.');
}
