/** What git would not list if it were there: by the rules, as they are now, of the part that each path is in. */
import { ok, type Result } from '../../domain/failure';
import { plumb } from '../git';
import type { Repository } from '../repository';
import { byPart, nameIn, partFinder, topOf } from './parts';

/** Those of some paths that git ignores, whether anything is there or not. */
export async function ignoredOf(repo: Repository, paths: readonly string[]): Promise<Result<Set<string>>> {
  const ignored = new Set<string>();
  if (paths.length === 0) return ok(ignored);
  const of = await partFinder(repo);
  if (!of.ok) return of;
  for (const [part, some] of byPart(of.value, paths)) {
    // The one command that takes paths, and refuses to take them literally; `./` keeps one from beginning with `:(`.
    const names = new Map(some.map((path) => [`./${nameIn(part, path)}`, path]));
    const stdin = [...names.keys()].map((name) => `${name}\0`).join('');
    const said = await plumb(topOf(part), ['check-ignore', '--no-index', '-z', '--stdin'], { stdin, answers: [1], magic: true });
    if (!said.ok) return said;
    for (const name of said.value.out.toString().split('\0')) {
      const path = names.get(name);
      if (path !== undefined) ignored.add(path);
    }
  }
  return ok(ignored);
}
