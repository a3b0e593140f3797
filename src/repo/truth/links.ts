/** The nested repositories that git has as links in a part's own tree. */
import { readFile, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { ok, type Result } from '../../domain/failure';
import { plumb } from '../git';
import type { Repository } from '../repository';
import { diffTrees } from '../trees';
import type { Part } from './parts';

const linksSchema = z.object({ tree: z.string(), links: z.array(z.string()) });

/** All of the tree is read once; then only what changed. */
export async function linksIn(repo: Repository, { index }: Part, tree: string, signal: AbortSignal): Promise<Result<string[]>> {
  const file = `${index}.links`;
  const last = await readLinks(file);
  if (last?.tree === tree) return ok(last.links);
  const links = (last === undefined ? undefined : await linksSince(repo, last, tree)) ?? (await allLinks(repo, tree, signal));
  if (!links.ok) return links;
  // Without the file, the next time is slower, and as right.
  await writeFile(file, JSON.stringify({ tree, links: links.value })).catch(() => undefined);
  return links;
}

async function readLinks(file: string): Promise<z.infer<typeof linksSchema> | undefined> {
  try {
    return linksSchema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Undefined where git no longer has the tree of the last time. */
async function linksSince(repo: Repository, last: z.infer<typeof linksSchema>, tree: string): Promise<Result<string[]> | undefined> {
  const changes = await diffTrees(repo, last.tree, tree);
  if (!changes.ok) return undefined;
  const links = new Set(last.links);
  for (const { path, after } of changes.value) {
    if (after?.mode === '160000') links.add(path);
    else links.delete(path);
  }
  return ok([...links]);
}

async function allLinks(repo: Repository, tree: string, signal: AbortSignal): Promise<Result<string[]>> {
  const said = await plumb(repo, ['ls-tree', '-r', '-z', '--full-tree', tree], { signal });
  if (!said.ok) return said;
  const links: string[] = [];
  const { out } = said.value;
  // Rows are many, links few: only those become text.
  for (let at = out.indexOf('160000 commit '); at >= 0; at = out.indexOf('160000 commit ', at + 1)) {
    if (at > 0 && out[at - 1] !== 0) continue;
    links.push(out.toString('utf8', out.indexOf(9, at) + 1, out.indexOf(0, at)));
  }
  return ok(links);
}
