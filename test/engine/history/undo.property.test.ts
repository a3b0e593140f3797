/** Any order of undos and redos, of runs, tasks, files and hunks, keeps every edit that nobody undid; and each line stays its writer's. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Reversal, reverse } from '../../../src/engine/history/undo';
import { readState } from '../../../src/engine/journal/record';
import { landPortsOf } from '../../../src/engine/landing/landing';
import { blameNow } from '../../../src/repo/history/blame';
import { chainRef } from '../../../src/repo/land/land';
import { finished } from '../../support/finished';
import { NEVER, valued } from '../../support/result';
import type { Rig } from '../../support/run';
import { folderState, put, treeState } from '../../support/sandbox';

const TASKS = ['a', 'b', 'c'];
const FILES = ['x', 'dir/y'];
const HUNKS = [1, 2];
/** A place in a file that one task, or the person, writes to; unchanged lines are between two of them. */
const SLOTS = [...TASKS.flatMap((task) => HUNKS.map((hunk) => `${task}${hunk}`)), 'p1', 'p2', 'p3'];

type Step =
  | (Reversal & { readonly by: 'weft' })
  | { readonly by: 'person'; readonly file: string; readonly slot: string; readonly text: number };

const intents = fc.constantFrom<Reversal['intent']>('undo', 'redo');
const tasks = fc.constantFrom(...TASKS);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({ by: fc.constant('weft' as const), intent: intents, target: fc.record({ of: fc.constant('run' as const) }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      by: fc.constant('weft' as const),
      intent: intents,
      target: fc.record({ of: fc.constant('task' as const), task: tasks }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      by: fc.constant('weft' as const),
      intent: intents,
      target: fc.record({
        of: fc.constant('part' as const),
        task: tasks,
        path: fc.constantFrom(...FILES),
        hunk: fc.constantFrom(null, ...HUNKS),
      }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      by: fc.constant('person' as const),
      file: fc.constantFrom(...FILES),
      slot: fc.constantFrom('p1', 'p2', 'p3'),
      text: fc.nat(3),
    }),
  },
);

/** What should be: which tasks are in, which of their parts are not, and what the person wrote. */
class Model {
  readonly isIn = new Map(TASKS.map((task) => [task, true]));
  readonly parts = new Set<string>();
  readonly written = new Map<string, string>();

  /** Whether it can be done; done then. */
  does({ intent, target }: Reversal): boolean {
    const isUndo = intent === 'undo';
    if (target.of === 'run') {
      const some = TASKS.filter((task) => this.isIn.get(task) === isUndo);
      for (const task of some) this.isIn.set(task, !isUndo);
      return some.length > 0;
    }
    if (target.of === 'task') {
      const can = this.isIn.get(target.task) === isUndo;
      if (can) this.isIn.set(target.task, !isUndo);
      return can;
    }
    const file = `${target.task} ${target.path}`;
    const part = `${file} ${target.hunk}`;
    const whole = `${file} null`;
    const hidden = target.hunk !== null && this.parts.has(whole);
    if (this.isIn.get(target.task) !== true || hidden || this.parts.has(part) === isUndo) return false;
    if (isUndo) this.parts.add(part);
    else this.parts.delete(part);
    return true;
  }

  /** Each line of a file with its writer. */
  lines(file: string): { text: string; writer: string }[] {
    return SLOTS.flatMap((slot) => [
      ...this.slot(file, slot),
      ...[1, 2, 3].map((at) => ({ text: `${slot} below ${at}`, writer: 'before' })),
    ]);
  }

  private slot(file: string, slot: string): { text: string; writer: string }[] {
    const [who = '', hunk] = slot;
    const mine = this.written.get(`${file} ${slot}`);
    if (mine !== undefined) return [{ text: mine, writer: 'person' }];
    const part = `${who} ${file}`;
    const there = this.isIn.get(who) === true && !this.parts.has(`${part} null`) && !this.parts.has(`${part} ${hunk}`);
    // Every second hunk takes a line away instead.
    if (there) return hunk === '1' ? [{ text: `${slot} by ${who}`, writer: who }] : [];
    return [{ text: `${slot} as it was`, writer: 'before' }];
  }

  text(file: string): string {
    return this.lines(file)
      .map(({ text }) => `${text}\n`)
      .join('');
  }
}

/** A run of all tasks, each on top of the one before. */
async function allLanded(): Promise<Rig> {
  const model = new Model();
  for (const task of TASKS) model.isIn.set(task, false);
  const files = () => Object.fromEntries(FILES.map((file) => [file, model.text(file)]));
  const before = files();
  const edits = TASKS.map((task) => {
    model.isIn.set(task, true);
    return [task, files()] as const;
  });
  return finished(before, Object.fromEntries(edits));
}

async function writersOf(box: Rig, file: string): Promise<string[]> {
  const lines = valued(await blameNow(box.repo, box.workspace, file, NEVER));
  return lines.map(({ writer }) => (writer.by === 'task' ? writer.task : writer.by));
}

describe('any undos and redos', () => {
  it('keep every edit that nobody undid, and each line its writer', async function () {
    this.timeout(240_000);
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 4, maxLength: 14 }), async (all) => {
        const box = await allLanded();
        const model = new Model();
        const { record } = box.run;
        for (const step of all) {
          if (step.by === 'person') {
            const { file, slot, text } = step;
            model.written.set(`${file} ${slot}`, `${slot} by me ${text}`);
            put(box.root, file, model.text(file));
            continue;
          }
          const can = model.does(step);
          const done = await reverse(record, landPortsOf(record, box), step, NEVER);
          assert.equal(done.ok ? done.value.kind : done.failure.kind, can ? 'landed' : 'input', JSON.stringify(step));
          const expected = FILES.map((file) => [file, `file ${model.text(file)}`]);
          assert.deepEqual(folderState(box.root), Object.fromEntries(expected.sort()));
          if (can) assert.deepEqual(treeState(box.repo, `${box.repo.refs}${chainRef(box.run.id)}`), folderState(box.root));
        }
        for (const file of FILES) {
          const writers = model.lines(file).map(({ writer }) => writer);
          assert.deepEqual(await writersOf(box, file), writers);
        }
        assert.deepEqual(valued(readState(box.repo.stateDir, box.run.id)), record.state);
      }),
      { numRuns: 8 },
    );
  });
});
