/** A run that is cut off after any of its events, the last line at any byte, comes to the same end; of a journal that lost more, it does, or says so. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { systemClock } from '../../src/domain/clock';
import { type Plan, planSchema } from '../../src/domain/plan';
import { journalFile, readJournal } from '../../src/engine/journal/journal';
import { settleLeft } from '../../src/engine/recovery';
import { resumeRun } from '../../src/engine/resume';
import { scenarioSchema } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { type Asked, answeredIn, keepsAsked } from '../support/answered';
import { editor } from '../support/editor';
import { handTime } from '../support/handTime';
import { NEVER, valued } from '../support/result';
import { abandon, type Rig, resumedRig, rig } from '../support/run';
import { folderState, opened, temporaryFolder } from '../support/sandbox';

const edit = (path: string, old: string, by: string) => ({ tool: 'edit_file', input: { path, old, new: by } });
const write = (path: string, content: string) => ({ tool: 'write_file', input: { path, content } });
const finish = { tool: 'finish', input: { summary: 'Done.' } };
const part = (name: string) => ({ name, title: `Part ${name}`, instructions: `Do part ${name}.` });

const SCENARIO = scenarioSchema.parse({
  tasks: {
    chain: [{ calls: [edit('a.txt', 'one', 'two'), edit('a.txt', 'two', 'three')] }, { calls: [edit('a.txt', 'three', 'four'), finish] }],
    next: [{ calls: [edit('a.txt', 'four', 'five'), finish] }],
    checked: [{ calls: [write('c.txt', 'bad\n'), finish] }, { calls: [edit('c.txt', 'bad', 'good'), finish] }],
    parent: [
      { calls: [write('p.txt', 'before\n'), { tool: 'spawn', input: { parts: [part('x')] } }] },
      { calls: [edit('p.txt', 'before', 'after'), edit('x.txt', 'x', 'x, seen'), finish] },
    ],
    'parent.1': [{ calls: [write('x.txt', 'x\n'), finish] }],
  },
});
const BARE = { instructions: 'Do it.', title: 'A task' };
const PLAN: Plan = planSchema.parse({
  goal: 'A goal',
  tasks: [
    { ...BARE, id: 'chain' },
    { ...BARE, id: 'next', dependsOn: ['chain'] },
    { ...BARE, id: 'checked', check: 'grep -q good c.txt' },
    { ...BARE, id: 'parent' },
  ],
});
const STAGES = { chain: 'landed', next: 'landed', checked: 'landed', parent: 'landed', 'parent.1': 'joined' };
const AFTER = { 'a.txt': 'file five\n', 'c.txt': 'file good\n', 'p.txt': 'file after\n', 'x.txt': 'file x, seen\n' };
/** All events, or a few of them. */
const RUNS = process.env['WEFT_TEST_EVERY_STEP'] === undefined ? 8 : 150;

function asking(): Asked {
  return keepsAsked(scriptedModel(SCENARIO, { paceMs: 0, wait: async () => undefined }));
}

interface Recorded {
  readonly root: string;
  readonly run: string;
  /** Copies of the folder, git's own and the journal with it, right after each event. */
  readonly copies: readonly string[];
}

/** A run to its end, and all that was on disk after each of its events. */
async function recorded(): Promise<Recorded> {
  const folder = temporaryFolder();
  const copies: string[] = [];
  const box = await rig({ 'a.txt': 'one\n' }, { chain: [] }, { model: asking().model, plan: PLAN });
  const copy = () => {
    const to = join(folder, String(copies.length));
    // What others are just writing may go away under the copy.
    execFileSync('sh', [
      '-c',
      'cp -a "$0" "$1" 2>/dev/null; rm -f "$1"/.git/weft/*/*.held; find "$1/.git/refs" -name "*.lock" -delete',
      box.root,
      to,
    ]);
    copies.push(to);
  };
  box.run.record.listen(copy);
  valued(await box.ended);
  box.run.record.close();
  assert.deepEqual([box.stages(), folderState(box.root)], [STAGES, AFTER]);
  return { root: box.root, run: box.run.id, copies };
}

/** The folder as it was then, with a journal that lost its last bytes. */
async function restored({ root, run, copies }: Recorded, at: number, lost: (journal: string) => number): Promise<Rig['repo']> {
  rmSync(root, { recursive: true });
  execFileSync('cp', ['-a', copies[at] ?? '', root]);
  const repo = await opened(root);
  const journal = journalFile(repo.stateDir, run);
  const text = readFileSync(journal);
  truncateSync(journal, text.length - lost(text.toString()));
  abandon(repo, run);
  const ports = { repo, workspace: editor(root), clock: systemClock, openRecord: () => undefined };
  valued(await settleLeft(ports, NEVER));
  return repo;
}

describe('a run that is cut off', function () {
  this.timeout(1_800_000);
  it('after any event, its last line at any byte, comes to the end that it would have had, and asks nothing again', async () => {
    const whole = await recorded();
    const anywhere = fc.tuple(fc.nat({ max: whole.copies.length - 1 }), fc.nat({ max: 9_999 }));
    const cutOff = fc.asyncProperty(anywhere, async ([at, part]) => {
      const { root, run } = whole;
      // Nothing of the last line, some of it, or all of it.
      const repo = await restored(whole, at, (text) =>
        Math.round(((text.length - text.lastIndexOf('\n', text.length - 2) - 1) * part) / 9_999),
      );
      const events = valued(readJournal(journalFile(repo.stateDir, run)));
      if (events.at(-1)?.type === 'run.finished') return;
      const known = answeredIn(repo.stateDir, run);
      const { asked, model } = asking();
      const box = await resumedRig({ root, repo }, { run, undecided: 'wait', paused: 'stay' }, { model });
      valued(await box.ended);
      box.run.record.close();
      assert.deepEqual([box.stages(), folderState(root)], [STAGES, AFTER]);
      assert.deepEqual(
        asked.filter((conversation) => known.has(conversation)),
        [],
      );
      const landed = valued(readJournal(journalFile(repo.stateDir, run))).filter(({ type }) => type === 'task.landed');
      assert.equal(landed.length, 4);
    });
    await fc.assert(cutOff, { numRuns: RUNS });
  });

  it('with a journal that lost more than its last line comes to that end, or is refused with what is missing; nothing is done twice', async () => {
    const whole = await recorded();
    const cut = fc.asyncProperty(fc.nat({ max: 9_999 }), async (part) => {
      const { root, run, copies } = whole;
      const repo = await restored(whole, copies.length - 1, (text) => Math.round((text.length * part) / 9_999));
      const ports = { repo, workspace: editor(root), worker: async () => assert.fail('nothing is left to do'), clock: systemClock };
      const before = folderState(root);
      assert.deepEqual(before, AFTER);
      const check = async () => assert.fail('nothing is checked');
      const resumed = await resumeRun({ run, undecided: 'wait', paused: 'stay' }, { ...ports, check, time: handTime() }, NEVER);
      if (resumed.ok) {
        valued(await resumed.value.drive());
        resumed.value.record.close();
      } else assert.match(resumed.failure.message, /is not whole|does not say how the run began|is over/);
      assert.deepEqual(folderState(root), AFTER);
    });
    await fc.assert(cut, { numRuns: RUNS * 2 });
  });
});
