/** A draft: the isolated copy that one agent edits, as an overlay on a tree. Opening one costs nothing. */
import type { Change, Entry, Look, Mode, Read } from '../../domain/changes';
import { fail, ok, type Result } from '../../domain/failure';
import { parentsOf } from '../../domain/path';
import type { Repository } from '../repository';
import { buildCommit, diffTrees, listTree, lookUp } from '../trees';
import type { Content } from '../workspace';
import { checkOwnSettings } from './ownSettings';
import { checkPlace } from './place';
import { type Found, type Search, searchTree } from './search';

/** So many paths that were read are told at most: the ones that were read first. */
const MAX_READS = 500;

/** All paths are workspace paths that {@link parsePath} has passed. Contents are git's clean form. */
export class Draft {
  /** What the agent changed, by path; null: deleted. */
  private readonly overlay = new Map<string, Content | null>();
  /** The overlay as a commit, until it changes again. */
  private built: string | undefined;
  /** Counts the changes: a commit that was being built while one came is not the overlay any more. */
  private version = 0;
  /** The change that came last: the next one waits for it. */
  private last: Promise<unknown> = Promise.resolve();
  /** Called after each change. */
  onDidChange: () => void = () => undefined;
  /** Paths that the agent looked at as the base has them. */
  private readonly seen = new Set<string>();
  /** Folders that the agent was told of. */
  private readonly looked = new Map<string, Look['at']>();

  constructor(
    private readonly repo: Repository,
    /** The commit that the draft began from. */
    readonly base: string,
    /** What its commits say. */
    private readonly title = 'A draft',
  ) {}

  /** A draft that begins with what was done before: all that differs between its base and another commit. */
  static async resume(repo: Repository, base: string, done: string, title?: string): Promise<Result<Draft>> {
    const draft = new Draft(repo, base, title);
    const begun = await draft.overlayWith(base, done);
    return begun.ok ? ok(draft) : begun;
  }

  /**
   * Takes over a commit that others made of this draft: all in which it differs from what the draft is now. What they read of the
   * base counts as read by the agent: its work rests on theirs.
   */
  adopt(made: string, reads: readonly Read[]): Promise<Result<void>> {
    return this.inTurn(async () => {
      const now = await this.asCommit();
      if (!now.ok) return now;
      const found = await lookUp(
        this.repo,
        this.base,
        reads.map(({ path }) => path),
      );
      if (!found.ok) return found;
      for (const { path, blob } of reads) if (blobOf(found.value.get(path)) === blob) this.seen.add(path);
      return this.overlayWith(now.value, made);
    });
  }

  /** What was changed so far, by path, in no order; null: deleted. */
  changed(): ReadonlyMap<string, Content | null> {
    return this.overlay;
  }

  private async overlayWith(before: string, after: string): Promise<Result<void>> {
    const changes = await diffTrees(this.repo, before, after);
    if (!changes.ok) return changes;
    for (const { path, after: entry } of changes.value) {
      // A repository of its own has no content here; no draft can have made it.
      if (entry?.mode === '160000') continue;
      const content = entry === null ? ok(null) : await this.readEntry(path, entry);
      if (!content.ok) return content;
      this.set(path, content.value);
    }
    return ok();
  }

  /** Files below a folder (`''`: all), sorted; the agent is told of them. */
  async list(folder: string): Promise<Result<string[]>> {
    this.noteLook(folder, 'names');
    const listed = await listTree(this.repo, this.base, folder === '' ? [] : [`${folder}/`]);
    if (!listed.ok) return listed;
    const paths = new Set(listed.value.keys());
    for (const [path, content] of this.overlay) {
      if (content === null) paths.delete(path);
      else if (folder === '' || path.startsWith(`${folder}/`)) paths.add(path);
    }
    return ok([...paths].sort());
  }

  /** A file's content (a link's: its target) for the agent, whose read set it joins; null where there is none. */
  read(path: string): Promise<Result<Content | null>> {
    this.note(path);
    return this.look(path);
  }

  /** As {@link read}, for what the agent is not told the content of. */
  async look(path: string): Promise<Result<Content | null>> {
    const changed = this.overlay.get(path);
    if (changed !== undefined) return ok(changed);
    const found = await lookUp(this.repo, this.base, [path]);
    if (!found.ok) return found;
    const entry = found.value.get(path);
    return entry === undefined || entry === 'folder' ? ok(null) : this.readEntry(path, entry);
  }

  /** What the agent has seen of the base, as it is there; at most 500 paths. */
  async reads(): Promise<Result<Read[]>> {
    const paths = [...this.seen].slice(0, MAX_READS);
    const found = await lookUp(this.repo, this.base, paths);
    if (!found.ok) return found;
    return ok(paths.map((path) => ({ path, blob: blobOf(found.value.get(path)) })));
  }

  /** The folders that the agent was told of. */
  get looks(): Look[] {
    // What it read beyond what is told is anywhere.
    if (this.seen.size > MAX_READS) this.noteLook('', 'contents');
    return [...this.looked].map(([folder, at]) => ({ folder, at }));
  }

  /** The agent is told something that rests on what is in a folder (`''`: all). */
  noteLook(folder: string, at: Look['at']): void {
    if (at === 'contents' || !this.looked.has(folder)) this.looked.set(folder, at);
  }

  /** The paths that the agent has seen of the base, in the order in which it did. */
  get readPaths(): string[] {
    return [...this.seen];
  }

  /** What was read of this base before, by an agent that goes on here. */
  remember(paths: readonly string[]): void {
    for (const path of paths) this.seen.add(path);
  }

  /** What the agent wrote itself tells it nothing of the base. */
  private note(path: string): void {
    if (!this.overlay.has(path)) this.seen.add(path);
  }

  private async readEntry(path: string, entry: Entry): Promise<Result<Content | null>> {
    if (entry.mode === '160000') {
      return fail('input', `${path} is a submodule that is not checked out.`, 'Leave it alone: its files are not here.');
    }
    const bytes = await this.repo.objects.read(entry.blob);
    if (!bytes.ok) return bytes;
    return bytes.value === undefined
      ? fail('git', `The content of ${path} is no longer in the repository.`, 'Something deleted git objects: “git fsck” tells more.')
      : ok({ mode: entry.mode, bytes: bytes.value });
  }

  /** Writes a whole file. An existing file keeps its mode unless one is given. */
  write(path: string, bytes: Buffer, mode?: Mode): Promise<Result<void>> {
    return this.inTurn(() => this.writeNow(path, bytes, mode));
  }

  /** Deletes a file or link. */
  remove(path: string): Promise<Result<void>> {
    return this.inTurn(() => this.removeNow(path));
  }

  /** Moves a file or link, or a folder with all that is in it, to a place where nothing is yet. */
  move(from: string, to: string): Promise<Result<void>> {
    return this.inTurn(() => this.moveNow(from, to));
  }

  /** Each change looks before it acts: two at the same time would both see room for themselves. */
  private inTurn<T>(change: () => Promise<T>): Promise<T> {
    const mine = this.last.then(change);
    this.last = mine.catch(() => undefined);
    return mine;
  }

  private async writeNow(path: string, bytes: Buffer, mode?: Mode): Promise<Result<void>> {
    const before = await this.look(path);
    if (!before.ok) return before;
    if (before.value?.mode === '120000')
      return fail(
        'input',
        `${path} is a link to ${before.value.bytes.toString()}.`,
        'Change the file that it leads to, or delete the link first.',
      );
    if (before.value === null) {
      const room = await this.room(path);
      if (!room.ok) return room;
    }
    const allowed = checkOwnSettings(path, before.value?.bytes ?? null, bytes);
    if (!allowed.ok) return allowed;
    this.set(path, { mode: mode ?? before.value?.mode ?? '100644', bytes });
    return ok();
  }

  private async removeNow(path: string): Promise<Result<void>> {
    const before = await this.look(path);
    if (!before.ok) return before;
    if (before.value === null) return this.missing(path);
    const allowed = checkOwnSettings(path, before.value.bytes, null);
    if (!allowed.ok) return allowed;
    this.set(path, null);
    return ok();
  }

  private async moveNow(from: string, to: string): Promise<Result<void>> {
    const taken = await this.look(to);
    if (!taken.ok) return taken;
    if (taken.value !== null) return fail('input', `There is a file ${to} already.`, 'Choose another name, or delete it first.');
    const moved = await this.look(from);
    if (!moved.ok) return moved;
    if (moved.value !== null) return this.moveFile(from, to, moved.value);
    const inside = await this.list(from);
    if (!inside.ok) return inside;
    if (inside.value.length === 0) return this.missing(from);
    const there = await this.list(to);
    if (!there.ok) return there;
    if (there.value.length > 0 && !`${to}/`.startsWith(`${from}/`))
      return fail('input', `There is a folder ${to} already.`, 'Choose another name, or move the files into it one by one.');
    if (`${to}/`.startsWith(`${from}/`)) return fail('input', `${to} lies inside ${from}.`, 'Choose a folder outside it.');
    // Nothing is at the new place, so there is room for all of them if there is for the folder.
    const room = await this.room(to);
    if (!room.ok) return room;
    const files = await this.readAll(from, inside.value);
    if (!files.ok) return files;
    for (const [path, content] of files.value) {
      const after = to + path.slice(from.length);
      const placed = checkPlace(this.repo.root, after);
      if (!placed.ok) return placed;
      const allowed = checkMove(path, after, content);
      if (!allowed.ok) return allowed;
    }
    for (const [path, content] of files.value) {
      this.set(path, null);
      this.set(to + path.slice(from.length), content);
    }
    return ok();
  }

  /** Files of a folder, at the cost of one look at the tree. */
  private async readAll(folder: string, paths: readonly string[]): Promise<Result<Map<string, Content>>> {
    const entries = await listTree(this.repo, this.base, [`${folder}/`]);
    if (!entries.ok) return entries;
    const files = new Map<string, Content>();
    for (const path of paths) {
      const entry = entries.value.get(path);
      const file = await (this.overlay.has(path) || entry === undefined ? this.look(path) : this.readEntry(path, entry));
      if (!file.ok) return file;
      if (file.value !== null) files.set(path, file.value);
    }
    return ok(files);
  }

  /** Searches the draft's text files; the files of the hits join the agent's read set. That there are no others, all files of the folder say. */
  async search(search: Search, signal: AbortSignal): Promise<Result<Found>> {
    this.noteLook(search.folder, 'contents');
    const tree = await this.asCommit();
    if (!tree.ok) return tree;
    const found = await searchTree(this.repo, tree.value, search, signal);
    if (found.ok) for (const hit of found.value.hits) this.note(hit.path);
    return found;
  }

  /** What was changed so far, as a commit on top of the base (the base itself where nothing was); no ref keeps it. */
  async now(): Promise<Result<{ commit: string; changes: Change[] }>> {
    const commit = await this.asCommit();
    if (!commit.ok) return commit;
    const changes = await diffTrees(this.repo, this.base, commit.value);
    return changes.ok ? ok({ commit: commit.value, changes: changes.value }) : changes;
  }

  /** What was changed so far, as a commit on top of the base that no ref keeps; null for nothing. Costs nothing where nothing is new. */
  async soFar(): Promise<Result<string | null>> {
    return this.overlay.size === 0 ? ok(null) : this.asCommit();
  }

  /** What was changed, as a commit on top of the base that no ref keeps; `commit` is null where nothing was. */
  async commit(): Promise<Result<{ commit: string | null; changes: Change[] }>> {
    const now = await this.now();
    if (!now.ok) return now;
    const { commit, changes } = now.value;
    return ok({ commit: changes.length === 0 ? null : commit, changes });
  }

  private async asCommit(): Promise<Result<string>> {
    if (this.overlay.size === 0) return ok(this.base);
    if (this.built !== undefined) return ok(this.built);
    const { version } = this;
    const commit = await buildCommit(this.repo, {
      from: this.base,
      puts: new Map(this.overlay),
      parents: [this.base],
      message: this.title,
    });
    if (commit.ok && version === this.version) this.built = commit.value;
    return commit;
  }

  private set(path: string, content: Content | null): void {
    this.overlay.set(path, content);
    this.built = undefined;
    this.version++;
    this.onDidChange();
  }

  private async moveFile(from: string, to: string, content: Content): Promise<Result<void>> {
    const room = await this.room(to);
    if (!room.ok) return room;
    const allowed = checkMove(from, to, content);
    if (!allowed.ok) return allowed;
    this.set(from, null);
    this.set(to, content);
    return ok();
  }

  /** Fails where a new file's path leads out of the workspace, through a file or a link, or where a folder is. */
  private async room(path: string): Promise<Result<void>> {
    const placed = checkPlace(this.repo.root, path);
    if (!placed.ok) return placed;
    for (const parent of parentsOf(path)) {
      const above = await this.look(parent);
      if (!above.ok) return above;
      if (above.value === null) continue;
      const what =
        above.value.mode === '120000' ? `a link (to ${above.value.bytes.toString()}), and nothing is written through links` : 'a file';
      return fail('input', `${path} cannot be made: ${parent} is ${what}.`, 'Choose a path whose folders are real folders.');
    }
    const there = await lookUp(this.repo, this.base, [path]);
    if (!there.ok) return there;
    const made = [...this.overlay].some(([one, content]) => content !== null && one.startsWith(`${path}/`));
    if (there.value.get(path) !== 'folder' && !made) return ok();
    const inside = await this.list(path);
    if (!inside.ok) return inside;
    return inside.value.length === 0 ? ok() : fail('input', `${path} is a folder.`, 'Choose another name.');
  }

  private missing(path: string) {
    return fail('input', `There is no file ${path}.`, 'List the files to see what is there.');
  }
}

function checkMove(from: string, to: string, { bytes }: Content): Result<void> {
  const gone = checkOwnSettings(from, bytes, null);
  return gone.ok ? checkOwnSettings(to, null, bytes) : gone;
}

function blobOf(entry: Entry | 'folder' | undefined): string | null {
  return entry === undefined || entry === 'folder' ? null : entry.blob;
}
