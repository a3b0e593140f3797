/** Agents, the person on disk and in the editor, and rollbacks, in any order: what nobody undid is there, and the chain ends at the workspace. */
import assert from 'node:assert/strict';
import { type Arbitrary, array, asyncProperty, assert as check, constantFrom, nat, oneof, record } from 'fast-check';
import { type Landing, land } from '../../../src/repo/land/land';
import { rollBack } from '../../../src/repo/snapshot/rollback';
import type { Snapshot } from '../../../src/repo/snapshot/snapshot';
import { countingClock } from '../../support/clock';
import type { Edits } from '../../support/gatedWorker';
import { type Field, field } from '../../support/landing';
import { NEVER, valued } from '../../support/result';
import { folderState, put, treeState } from '../../support/sandbox';

const RUNS = Number(process.env['WEFT_TEST_RUNS'] ?? 4);
const BEGUN = ['one', 'dir/two', 'dir/three'] as const;
const PATHS = [...BEGUN, 'new', 'dir/new'] as const;
/** Somebody may write to each; others, which stay, are between them. */
const LINES = [0, 4, 8, 12, 16] as const;

/** What was written to the lines of a file. */
type Said = ReadonlyMap<number, string>;
type Files = ReadonlyMap<string, Said>;
type Landed = Extract<Landing, { kind: 'landed' }>;

/** No two files have a line in common: or git would see one as the other, renamed. */
const text = (path: string, said: Said) => Array.from({ length: 20 }, (_, at) => `${path}: ${said.get(at) ?? at}\n`).join('');
const textOf = (files: Files, path: string) => {
  const said = files.get(path);
  return said === undefined ? undefined : text(path, said);
};
const stateOf = (files: Files) => Object.fromEntries([...files].map(([path, said]) => [path, `file ${text(path, said)}`]));

/** A line is written, in a file that is made where it is missing; or the file is deleted. */
interface Edit {
  readonly path: string;
  readonly line: number | null;
}

type Step =
  | { readonly what: 'land'; readonly from: 'snapshot' | 'now'; readonly edits: readonly Edit[] }
  | { readonly what: 'disk'; readonly edit: Edit }
  | { readonly what: 'type' | 'save'; readonly path: string; readonly line: number }
  | { readonly what: 'undo' | 'rollback'; readonly which: number };

const path = constantFrom(...PATHS);
const line = constantFrom(...LINES);
const edit: Arbitrary<Edit> = record({ path, line: oneof({ weight: 5, arbitrary: line }, { weight: 1, arbitrary: constantFrom(null) }) });
const steps: Arbitrary<Step> = oneof(
  {
    weight: 4,
    arbitrary: record({
      what: constantFrom('land'),
      from: constantFrom('snapshot', 'now'),
      edits: array(edit, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: record({ what: constantFrom('disk'), edit }) },
  { weight: 3, arbitrary: record({ what: constantFrom('type', 'type', 'save'), path, line }) },
  { weight: 4, arbitrary: record({ what: constantFrom('undo', 'rollback'), which: nat(20) }) },
);

function edited(files: Files, { path, line }: Edit, words: string): Map<string, Said> {
  const after = new Map(files);
  if (line === null) after.delete(path);
  else after.set(path, new Map([...(files.get(path) ?? []), [line, words]]));
  return after;
}

/** What is to come of a file; `conflict`: the person decides. */
function merged(base: Said | undefined, ours: Said | undefined, theirs: Said | undefined): Said | undefined | 'conflict' {
  const same = (a: Said | undefined, b: Said | undefined) => (a === undefined || b === undefined ? a === b : text('', a) === text('', b));
  if (same(base, theirs) || same(ours, theirs)) return ours;
  if (same(base, ours)) return theirs;
  if (base === undefined || ours === undefined || theirs === undefined) return 'conflict';
  const both = new Map<number, string>();
  for (const line of LINES) {
    const [b, o, t] = [base.get(line), ours.get(line), theirs.get(line)];
    if (o !== b && t !== b && o !== t) return 'conflict';
    const now = o === b ? t : o;
    if (now !== undefined) both.set(line, now);
  }
  return both;
}

/** What should be: on disk, unsaved over it, and which landings are in. */
class Model {
  disk: Files = new Map(BEGUN.map((path) => [path, new Map()]));
  unsaved: Files = new Map();
  landed: readonly { readonly task: string; readonly landing: Landed; readonly before: Files; readonly after: Files }[] = [];

  copy(): Model {
    return Object.assign(new Model(), this);
  }

  get shown(): Files {
    return new Map([...this.disk, ...this.unsaved]);
  }

  /** Merges a change; whether that could be done. Unsaved text stays unsaved. */
  merge(base: Files, theirs: Files): boolean {
    const { shown } = this;
    const changes = PATHS.map((path) => [path, merged(base.get(path), shown.get(path), theirs.get(path))] as const);
    if (changes.some(([, said]) => said === 'conflict')) return false;
    const [disk, unsaved] = [new Map(this.disk), new Map(this.unsaved)];
    for (const [path, said] of changes) {
      if (said === 'conflict' || said === shown.get(path)) continue;
      if (said === undefined) {
        disk.delete(path);
        unsaved.delete(path);
      } else (unsaved.has(path) ? unsaved : disk).set(path, said);
    }
    this.disk = disk;
    this.unsaved = unsaved;
    return true;
  }
}

const clock = countingClock(Date.now());
const BEGIN: Files = new Model().disk;

/** One order of steps, in the workspace and in the model of it. */
class Play {
  readonly model = new Model();
  /** What can be gone back to: the run's snapshot, and those of the moments before rollbacks. */
  readonly kept: { readonly snapshot: Snapshot; readonly model: Model }[];

  constructor(private readonly box: Field) {
    this.kept = [{ snapshot: box.snapshot, model: this.model.copy() }];
  }

  async step(at: number, step: Step): Promise<void> {
    const { model, box } = this;
    switch (step.what) {
      case 'land':
        return this.land(`agent${at}`, step);
      case 'undo':
        return this.undo(step.which);
      case 'rollback': {
        const to = this.kept[step.which % this.kept.length];
        assert.ok(to !== undefined);
        const before = model.copy();
        const { safety } = valued(await rollBack(box.repo, box.workspace, { snapshot: to.snapshot, clock }, NEVER));
        this.kept.push({ snapshot: safety, model: before });
        Object.assign(model, to.model);
        return;
      }
      case 'disk':
        model.disk = edited(model.disk, step.edit, `disk ${at}`);
        put(box.root, step.edit.path, textOf(model.disk, step.edit.path) ?? null);
        return;
      case 'type':
        model.unsaved = new Map([
          ...model.unsaved,
          [step.path, new Map([...(model.shown.get(step.path) ?? []), [step.line, `typed ${at}`]])],
        ]);
        box.workspace.buffers.set(step.path, textOf(model.unsaved, step.path) ?? '');
        return;
      case 'save': {
        const said = model.unsaved.get(step.path);
        if (said === undefined) return;
        model.disk = new Map([...model.disk, [step.path, said]]);
        model.unsaved = edited(model.unsaved, { path: step.path, line: null }, '');
        put(box.root, step.path, text(step.path, said));
        box.workspace.buffers.delete(step.path);
      }
    }
  }

  private async land(task: string, { from, edits }: Extract<Step, { what: 'land' }>): Promise<void> {
    const { model, box } = this;
    const base = from === 'now' ? model.shown : BEGIN;
    let theirs = base;
    for (const one of edits) theirs = edited(theirs, one, task);
    const changed = PATHS.filter((path) => textOf(base, path) !== textOf(theirs, path));
    const wanted: Edits = Object.fromEntries(changed.map((path) => [path, textOf(theirs, path) ?? null]));
    const commit = from === 'now' ? await box.now() : box.snapshot.commit;
    const before = model.shown;
    const can = model.merge(base, theirs);
    const landing = valued(await land(box.ports, await box.incoming(task, wanted, commit), NEVER));
    assert.equal(landing.kind, can ? 'landed' : 'conflict');
    if (landing.kind === 'landed') model.landed = [...model.landed, { task, landing, before, after: model.shown }];
  }

  private async undo(which: number): Promise<void> {
    const { model, box } = this;
    const undone = model.landed[which % model.landed.length];
    if (undone === undefined) return;
    const can = model.merge(undone.after, undone.before);
    assert.equal((await box.undo(undone.task, undone.landing)).kind, can ? 'landed' : 'conflict');
    if (can) model.landed = model.landed.filter((one) => one !== undone);
  }

  assertSame(when: string): void {
    const { model, box } = this;
    assert.deepEqual(folderState(box.root), sorted(stateOf(model.disk)), `on disk, ${when}`);
    const unsaved = [...model.unsaved].map(([path, said]) => [path, text(path, said)]);
    assert.deepEqual(sorted(Object.fromEntries(box.workspace.buffers)), sorted(Object.fromEntries(unsaved)), `unsaved, ${when}`);
  }
}

function sorted<T>(all: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe('any order of landings, undos, rollbacks and edits', () => {
  it('keeps every edit that nobody undid, and ends with the workspace as the chain has it', async function () {
    this.timeout(60_000 + RUNS * 20_000);
    await check(
      asyncProperty(array(steps, { minLength: 5, maxLength: 12 }), async (all) => {
        const box = await field(Object.fromEntries([...BEGIN].map(([path, said]) => [path, text(path, said)])));
        const play = new Play(box);
        for (const [at, step] of all.entries()) {
          await play.step(at, step);
          play.assertSame(`after step ${at}, ${JSON.stringify(step)}`);
        }
        assert.deepEqual(treeState(box.repo, await box.now()), sorted(stateOf(play.model.shown)));
      }),
      // Where it fails, it says its seed and path.
      { numRuns: RUNS, interruptAfterTimeLimit: 50_000 + RUNS * 18_000 },
    );
  });
});
