/** The radar: tells, while agents work, whose drafts will not fit together, or not with the workspace. A reading of now, and no event. */
import type { Change, Entry } from '../../domain/changes';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { parentsOf } from '../../domain/path';
import type { TaskId } from '../../domain/plan';
import { conflictsOf, type Pair } from '../../repo/draft/pairs';
import { chainRef } from '../../repo/land/land';
import { type Repository, readRef } from '../../repo/repository';
import { buildCommit, diffTrees, lookUp } from '../../repo/trees';
import { truthOf } from '../../repo/truth/truth';
import type { Workspace } from '../../repo/workspace';

/** A sweep begins so many milliseconds after the change that called for it: what comes in the meantime goes with it. */
const DEBOUNCE_MS = 250;

/** What an agent has changed by now: a commit on top of the base of its draft. */
export interface LiveDraft {
  readonly base: string;
  readonly commit: string;
  readonly changes: readonly Change[];
}

/** Two drafts (or a draft and, as null, the workspace) that would be in conflict if both landed as they are now. */
export interface Clash {
  readonly task: TaskId;
  readonly with: TaskId | null;
  readonly files: readonly string[];
}

export interface RadarPorts {
  readonly repo: Repository;
  readonly workspace: Workspace;
  readonly run: string;
  readonly drafts: () => ReadonlyMap<TaskId, LiveDraft>;
  /** Called after each sweep; a failure leaves what was known. */
  readonly told: (result: Result<Clash[]>) => void;
}

export class Radar {
  /** Paths in conflict by pair of commits, for the pairs of the last sweep: commits never change. */
  private known = new Map<string, readonly string[]>();
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> | undefined;
  private closed = false;
  /** The workspace as a commit, for what it was made of. */
  private seen: { readonly mark: string; readonly commit: string } | undefined;

  constructor(private readonly ports: RadarPorts) {}

  /** Something changed: there will be a sweep soon, and never two at a time. */
  stir(): void {
    if (this.closed) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const before = this.sweeping ?? Promise.resolve();
      this.sweeping = before.then(async () => {
        if (this.closed) return;
        const clashes = await this.sweep().catch((thrown: unknown) =>
          // A bug in here must not cost the run that it only looks at.
          fail('git', `The radar broke down: ${thrownText(thrown)}.`, 'Please report this; the run goes on.'),
        );
        if (!this.closed) this.ports.told(clashes);
      });
    }, DEBOUNCE_MS);
    this.timer.unref();
  }

  /** Ends it; resolves when no sweep is under way. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.sweeping;
  }

  /** Merges what could be in conflict and was not merged before. */
  async sweep(): Promise<Result<Clash[]>> {
    const drafts = [...this.ports.drafts()].filter(([, draft]) => draft.changes.length > 0);
    const candidates: { readonly task: TaskId; readonly with: TaskId | null; readonly pair: Pair }[] = [];
    drafts.forEach(([task, draft], at) => {
      for (const [other, theirs] of drafts.slice(at + 1))
        if (mayClash(draft.changes, theirs.changes)) candidates.push({ task, with: other, pair: [draft.commit, theirs.commit] });
    });
    const now = drafts.length === 0 ? ok(undefined) : await this.workspaceNow(drafts.flatMap(([, draft]) => draft.changes));
    if (!now.ok) return now;
    if (now.value !== undefined) {
      for (const [task, draft] of drafts) {
        const meanwhile = await diffTrees(this.ports.repo, draft.base, now.value);
        if (!meanwhile.ok) return meanwhile;
        if (mayClash(draft.changes, meanwhile.value)) candidates.push({ task, with: null, pair: [now.value, draft.commit] });
      }
    }
    const unknown = candidates.filter(({ pair }) => !this.known.has(pair.join(' ')));
    const merged = await conflictsOf(
      this.ports.repo,
      unknown.map(({ pair }) => pair),
    );
    if (!merged.ok) return merged;
    const found = new Map(unknown.map(({ pair }, at) => [pair.join(' '), merged.value[at] ?? []]));
    this.known = new Map(candidates.map(({ pair }) => [pair.join(' '), found.get(pair.join(' ')) ?? this.known.get(pair.join(' ')) ?? []]));
    return ok(
      candidates.flatMap(({ task, with: other, pair }) => {
        const files = this.known.get(pair.join(' ')) ?? [];
        return files.length === 0 ? [] : [{ task, with: other, files }];
      }),
    );
  }

  /** The workspace, as far as the drafts touch it, as a commit on top of the run's chain; undefined where the chain is gone. */
  private async workspaceNow(changes: readonly Change[]): Promise<Result<string | undefined>> {
    const { repo, workspace, run } = this.ports;
    const tip = await readRef(repo, chainRef(run));
    if (!tip.ok || tip.value === undefined) return tip;
    const paths = [...new Set(changes.map((change) => change.path))].sort();
    const recorded = await lookUp(repo, tip.value, paths);
    if (!recorded.ok) return recorded;
    const truths = await truthOf(repo, workspace, paths, recorded.value);
    if (!truths.ok) return truths;
    const puts = new Map<string, Entry | null>();
    for (const [path, truth] of truths.value) {
      const known = recorded.value.get(path);
      // A folder stands there: what is in it, the chain knows.
      if (known === 'folder') continue;
      const entry = truth?.entry ?? null;
      if (entry?.blob !== known?.blob || entry?.mode !== known?.mode) puts.set(path, entry);
    }
    if (puts.size === 0) return tip;
    const mark = JSON.stringify([tip.value, ...puts]);
    if (this.seen?.mark === mark) return ok(this.seen.commit);
    const commit = await buildCommit(repo, { from: tip.value, puts, parents: [tip.value], message: 'The workspace, for the radar' });
    if (commit.ok) this.seen = { mark, commit: commit.value };
    return commit;
  }
}

/**
 * Whether a merge of two changes could be in conflict at all: they share a path, one has a file where the other has a folder, or
 * one took files out of a folder (it may have been renamed) in which the other made some.
 */
function mayClash(a: readonly Change[], b: readonly Change[]): boolean {
  const [few, many] = a.length < b.length ? [a, b] : [b, a];
  const paths = new Set(many.map((change) => change.path));
  if (few.some((change) => paths.has(change.path))) return true;
  return stands(few, paths) || stands(many, new Set(few.map((change) => change.path))) || movedUnder(a, b) || movedUnder(b, a);
}

function stands(changes: readonly Change[], files: ReadonlySet<string>): boolean {
  return changes.some(({ path }) => parentsOf(path).some((parent) => files.has(parent)));
}

function movedUnder(mover: readonly Change[], maker: readonly Change[]): boolean {
  const left = new Set(mover.filter((change) => change.after === null).flatMap(({ path }) => parentsOf(path)));
  return left.size > 0 && maker.some(({ path, before }) => before === null && parentsOf(path).some((parent) => left.has(parent)));
}
