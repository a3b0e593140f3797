/** Between the person's bytes and git's clean form: line ends, encodings and filters, as a path's attributes say. */
import type { Entry } from '../domain/changes';
import { fail, ok, type Result } from '../domain/failure';
import { plumb, plumbText } from './git';
import type { Repository } from './repository';
import { byPart, nameIn, type Part, type PartFinder, partFinder, topOf } from './truth/parts';
import type { Content } from './workspace';

/** Files whose filters run side by side. */
const AT_ONCE = 8;

/** The attributes by which git changes bytes on their way to the work tree. */
const FILTERING = ['text', 'eol', 'crlf', 'filter', 'ident', 'working-tree-encoding'];

/** Stores bytes of the work tree as a blob in git's clean form: the same that `git add` would store. */
export async function hash(repo: Repository, path: string, content: Content): Promise<Result<string>> {
  const of = await partFinder(repo);
  if (!of.ok) return of;
  const part = of.value(path);
  const name = nameIn(part, path);
  const raw = content.mode === '120000' ? ok(true) : await staysRaw(part, name, content.bytes);
  if (!raw.ok) return raw;
  const how = raw.value ? ['--no-filters'] : [`--path=${name}`];
  return plumbText(topOf(part), ['hash-object', '-w', '--stdin', ...how], { stdin: content.bytes });
}

/**
 * Where git itself chooses the line ends (`core.autocrlf`, `text=auto`), `git add` leaves the CRLF of a file alone that has CRLF in
 * the index. `hash-object` knows no index, and would change every line of such a file.
 */
async function staysRaw(part: Part, name: string, bytes: Buffer): Promise<Result<boolean>> {
  if (!bytes.includes('\r\n')) return ok(false);
  const top = topOf(part);
  const listed = await plumbText(top, ['ls-files', '--eol', '-z', '--', name], { index: part.index });
  if (!listed.ok) return listed;
  // `i/crlf w/crlf attr/text=auto` and the path, after a tab.
  const [, inside, attribute] = /^i\/(\S*) +w\/\S* +attr\/([^\t]*)\t/.exec(listed.value) ?? [];
  if ((inside !== 'crlf' && inside !== 'mixed') || !/^(text=auto.*)?$/.test(attribute?.trim() ?? '')) return ok(false);
  const others = await plumbText(top, ['check-attr', '-z', 'filter', 'ident', 'working-tree-encoding', '--', name]);
  if (!others.ok) return others;
  const values = others.value.split('\0').filter((_, at) => at % 3 === 2);
  return ok(values.every((value) => value === 'unspecified' || value === 'unset'));
}

/** A tree's file as its bytes lie in the work tree: filters applied. */
export async function contentOf(repo: Repository, path: string, entry: Entry): Promise<Result<Content>> {
  const of = await partFinder(repo);
  return of.ok ? contentIn(repo, { path, part: of.value(path) }, entry) : of;
}

async function contentIn(repo: Repository, { path, part }: { path: string; part: Part }, entry: Entry): Promise<Result<Content>> {
  if (entry.mode === '160000')
    return fail('file', `${path} is a submodule that was not checked out.`, 'Check it out: git submodule update.');
  if (entry.mode === '120000') {
    const target = await repo.objects.read(entry.blob);
    if (!target.ok) return target;
    return target.value === undefined ? lostBlob(path) : ok({ mode: entry.mode, bytes: target.value });
  }
  const said = await plumb(topOf(part), ['cat-file', '--filters', `--path=${nameIn(part, path)}`, entry.blob]);
  return said.ok ? ok({ mode: entry.mode, bytes: said.value.out }) : said;
}

/** As {@link contentOf}, for many files: two git processes find out which of them need filters at all. */
export async function contentsOf(repo: Repository, entries: ReadonlyMap<string, Entry>): Promise<Result<Map<string, Content>>> {
  const contents = new Map<string, Content>();
  const of = await partFinder(repo);
  if (!of.ok) return of;
  const filtered = entries.size > 2 ? await filteredPaths(of.value, [...entries.keys()]) : ok(new Set(entries.keys()));
  if (!filtered.ok) return filtered;
  const read = ([path, entry]: [string, Entry]) =>
    entry.mode === '160000' || filtered.value.has(path)
      ? contentIn(repo, { path, part: of.value(path) }, entry)
      : rawContent(repo, path, entry);
  const all = [...entries];
  // A few at a time: most need no process, and those that do should not all be started at once.
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const some = all.slice(at, at + AT_ONCE);
    for (const [index, content] of (await Promise.all(some.map(read))).entries()) {
      if (!content.ok) return content;
      const path = some[index]?.[0];
      if (path !== undefined) contents.set(path, content.value);
    }
  }
  return ok(contents);
}

async function rawContent(repo: Repository, path: string, entry: Entry): Promise<Result<Content>> {
  const bytes = await repo.objects.read(entry.blob);
  if (!bytes.ok) return bytes;
  return bytes.value === undefined ? lostBlob(path) : ok({ mode: entry.mode, bytes: bytes.value });
}

/** The paths whose bytes in the work tree may differ from their blobs. */
async function filteredPaths(of: PartFinder, paths: readonly string[]): Promise<Result<Set<string>>> {
  const found = new Set<string>();
  for (const [part, all] of byPart(of, paths)) {
    const filtered = await filteredIn(part, all);
    if (!filtered.ok) return filtered;
    for (const path of filtered.value) found.add(path);
  }
  return ok(found);
}

async function filteredIn(part: Part, paths: readonly string[]): Promise<Result<readonly string[]>> {
  const top = topOf(part);
  const byName = new Map(paths.map((path) => [nameIn(part, path), path]));
  const [convert, attributes] = await Promise.all([
    plumb(top, ['config', '--get', 'core.autocrlf'], { answers: [1] }),
    plumbText(top, ['check-attr', '-z', '--stdin', ...FILTERING], { stdin: [...byName.keys()].map((name) => `${name}\0`).join('') }),
  ]);
  if (!convert.ok) return convert;
  if (!attributes.ok) return attributes;
  if (!/^(|false|input)$/.test(convert.value.out.toString().trim())) return ok(paths);
  const rows = attributes.value.split('\0');
  const found = new Set<string>();
  for (let at = 0; at + 2 < rows.length; at += 3) {
    const path = byName.get(rows[at] ?? '');
    if (path !== undefined && !/^(unspecified|unset)$/.test(rows[at + 2] ?? '')) found.add(path);
  }
  return ok([...found]);
}

function lostBlob(path: string) {
  return fail('git', `The content of ${path} is no longer in the repository.`, 'Something deleted git objects: “git fsck” tells more.');
}
