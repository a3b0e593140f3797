/** Whether the workspace is still as it was read: what is overwritten must be in a snapshot. */
import { fail, ok, type Result } from '../../domain/failure';
import { contentOf } from '../filters';
import type { Repository } from '../repository';
import { lookUp } from '../trees';
import { truthOf, type WholeTruth } from '../truth/truth';
import type { Workspace } from '../workspace';

/** Fails where files, or texts in editors, have come or changed since they were read: what is overwritten then would be in no snapshot. */
export async function checkStill(
  repo: Repository,
  workspace: Workspace,
  { now, paths }: { now: WholeTruth; paths: readonly string[] },
): Promise<Result<void>> {
  const moved = (path: string) =>
    fail('moved', `${path} was changed while the workspace was rolled back.`, 'Try again when nobody changes it.');
  const texts = new Map(now.unsaved.map(({ path, bytes }) => [path, bytes]));
  const wanted = new Set(paths);
  for (const { path, bytes } of await workspace.unsaved())
    if (wanted.has(path) && texts.get(path)?.equals(bytes) !== true) return moved(path);
  const entries = await lookUp(repo, now.disk, paths);
  if (!entries.ok) return entries;
  const truths = await truthOf(repo, { unsaved: async () => [] }, paths, entries.value);
  if (!truths.ok) return truths;
  for (const [path, truth] of truths.value) {
    const entry = entries.value.get(path);
    // What is gone cannot be lost.
    if (truth === null || (entry !== undefined && entry !== 'folder' && truth.entry.blob === entry.blob)) continue;
    if (entry === undefined || entry === 'folder') return moved(path);
    // A filter may store the same bytes in another way each time (those that encrypt do).
    const was = await contentOf(repo, path, entry);
    if (!was.ok) return was;
    if (!was.value.bytes.equals(truth.content.bytes)) return moved(path);
  }
  return ok();
}
