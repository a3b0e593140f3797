/** Plans that are refined: revised by a sentence, and made anew for what a run left undone. */
import assert from 'node:assert/strict';
import { hasRest, restText } from '../../src/plan/rest';
import { revised, revisedPlan, revisionText } from '../../src/plan/revision';
import { eventsOf, planned, stateAfter } from '../support/stateAfter';

const AROUND = { files: ['a.ts'], commands: { checks: [] }, roles: [] };

const task = (id: string, more: object = {}) => ({ id, title: `Task ${id}`, role: 'coder', instructions: `Do ${id}.`, ...more });

describe('a plan that is revised', () => {
  it('is shown to the model as the person has it, with what is to be changed', () => {
    const text = revisionText('{ "goal": "half-typed', ' Split it. ', AROUND);
    assert.match(
      text,
      /^This is a plan as it stands:\n```\n\{ "goal": "half-typed\n```\n\nWhat is to be changed in it:\nSplit it\.\n\nGive the whole plan/,
    );
    assert.match(text, /\n\nThe files of the workspace:\na\.ts$/);
  });

  it('keeps what only people write', () => {
    const before = planned({
      goal: 'G',
      tasks: [task('a', { priority: 3, model: 'm', attempts: 4, candidates: 2 }), task('b', { timeoutSeconds: 60, askToLand: true })],
      limits: { maxWorkers: 2 },
    });
    const after = planned({ goal: 'G2', tasks: [task('b', { title: 'New' }), task('a'), task('c')] });
    assert.deepEqual(revised(before, after), {
      goal: 'G2',
      tasks: [
        { ...task('b', { title: 'New' }), dependsOn: [], writes: [], context: [], timeoutSeconds: 60, askToLand: true },
        { ...task('a'), dependsOn: [], writes: [], context: [], priority: 3, model: 'm', attempts: 4, candidates: 2 },
        { ...task('c'), dependsOn: [], writes: [], context: [] },
      ],
      limits: { maxWorkers: 2 },
    });
    assert.deepEqual(revised(undefined, after), after);
    assert.deepEqual(revisedPlan('{ broken', after), after);
    assert.deepEqual(revisedPlan(JSON.stringify(before), after), revised(before, after));
  });
});

const change = (path: string) => ({ path, before: null, after: { mode: '100644' as const, blob: 'b1' } });

describe('the rest of a run', () => {
  it('is what did not land, with what landed, what failed and why, and what drafts there are', () => {
    const plan = planned({
      goal: 'Open the shop',
      check: 'npm test',
      tasks: [task('a'), task('b', { dependsOn: ['a'] }), task('c', { dependsOn: ['b'] }), task('d')],
    });
    const failure = { kind: 'check' as const, message: 'The check is red.\nA long tail', fix: 'Mend it.' };
    const state = stateAfter(
      eventsOf(plan, [
        { type: 'task.started', task: 'a', base: 'c0' },
        { type: 'task.done', task: 'a', summary: 'Made a.', changeset: 'c1', changes: [change('a.ts')] },
        { type: 'task.landed', task: 'a', before: 'c0', after: 'c1' },
        { type: 'task.started', task: 'd', base: 'c0' },
        { type: 'task.stopped', task: 'd', draft: null },
        { type: 'task.started', task: 'b', base: 'c1' },
        { type: 'task.done', task: 'b', summary: 'Made b.', changeset: 'c2', changes: [change('b.ts')] },
        { type: 'task.checking', task: 'b', commands: ['npm test'], together: [] },
        {
          type: 'task.checked',
          task: 'b',
          ok: false,
          command: 'npm test',
          exitCode: 1,
          timedOut: false,
          output: 'FAIL b.test.ts\n',
          milliseconds: 5,
          onTopOf: [],
        },
        { type: 'task.failed', task: 'b', failure, draft: 'c2' },
        { type: 'task.doomed', task: 'c', because: 'b' },
        { type: 'run.finished' },
      ]),
    );
    assert.equal(hasRest(state), true);
    const text = restText(state, ' Use the old parser. ', AROUND);
    const [, , landed, ...more] = text.split('\n\n');
    assert.equal(landed, 'What landed, and is in the workspace:');
    assert.equal(
      more.join('\n\n'),
      `- a: Task a
  Made a.
  Files: a.ts

What was not done:

- b: Task b (coder, after a)
What its agent was told:
\`\`\`
Do b.
\`\`\`
It failed: The check is red.
A long tail Mend it.
Its last check was red (npm test), and printed at its end:
\`\`\`
FAIL b.test.ts
\`\`\`
What its agent said of its work:
\`\`\`
Made b.
\`\`\`
It left a draft, which is not in the workspace. Changed in it: b.ts

- c: Task c (coder, after b)
What its agent was told:
\`\`\`
Do c.
\`\`\`
It was not started, because of “Task b”.

- d: Task d (coder)
What its agent was told:
\`\`\`
Do d.
\`\`\`
I stopped it.

What I say about it:
Use the old parser.

The check of the whole plan was: npm test

The files of the workspace:
a.ts`,
    );
  });

  it('is nothing where all has landed, or waits for the person', () => {
    const state = stateAfter(
      eventsOf(planned({ goal: 'G', tasks: [task('a')] }), [
        { type: 'task.started', task: 'a', base: 'c0' },
        { type: 'task.done', task: 'a', summary: '', changeset: 'c1', changes: [change('a.ts')] },
        { type: 'task.landed', task: 'a', before: 'c0', after: 'c1' },
        { type: 'run.finished' },
      ]),
    );
    assert.equal(hasRest(state), false);
  });
});
