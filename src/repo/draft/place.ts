/** Where an agent may make files: in the workspace's folders. What is in none of them could not land. */
import { fail, ok, type Result } from '../../domain/failure';
import { locate, pathInOther, type Root } from '../root';

/** Fails where a new file would be in none of the workspace's folders, in words that tell an agent which ones there are. */
export function checkPlace(root: Root, path: string): Result<void> {
  const at = locate(root, path);
  if (typeof root === 'string' || (at !== undefined && at.inside !== '')) return ok();
  const other = at === undefined ? pathInOther(root, path) : undefined;
  if (other !== undefined) return fail('input', `${path} is in a folder that has a name of its own here.`, `Call it ${other}.`);
  const names = root.map(({ name }) => `${name}/`).join(', ');
  return fail('input', `${path} is in none of the folders of this workspace.`, `Begin its path with the name of one of them: ${names}.`);
}
