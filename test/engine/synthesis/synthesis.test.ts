/** What came of a run, as one answer. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Conflict } from '../../../src/domain/changes';
import type { Happening, RunEvent } from '../../../src/domain/event';
import { type RunState, reduce } from '../../../src/domain/run';
import { conflictStories } from '../../../src/engine/synthesis/conflictStories';
import { type Next, synthesisOf } from '../../../src/engine/synthesis/synthesis';
import { synthesisText } from '../../../src/engine/synthesis/text';
import { anyEvent } from '../../support/anyEvent';
import { eventsOf, planned, stateAfter } from '../../support/stateAfter';

const FIGURES = /\n## Figures\n\n- tasks: (.*\n- )+.*\n/;
const WAYS = {
  quoted: (text: string) => text.replaceAll('*', '\\*'),
  duration: (ms: number) => `${ms / 1000} s`,
  way: (next: Next, run: string) => `(${next.kind} ${run}${'task' in next ? ` ${next.task}` : ''})`,
};
const task = (id: string, more: object = {}) => ({ id, title: `Task ${id}`, role: 'coder', instructions: `Do ${id}.`, ...more });
const file = (blob: string) => ({ mode: '100644' as const, blob });
const change = (path: string) => ({ path, before: null, after: file('b1') });
const conflict = (path: string, oursBy: string): Conflict => ({
  intent: 'land',
  ours: 'c1',
  tree: 't1',
  files: [{ path, base: file('b0'), ours: file('b1'), theirs: file('b2'), oursBy }],
});
const work = (id: string, summary: string, ...paths: string[]): Happening[] => [
  { type: 'task.started', task: id, base: 'c0' },
  { type: 'task.done', task: id, summary, changeset: 'c2', changes: paths.map(change) },
];
const landed = (id: string): Happening => ({ type: 'task.landed', task: id, before: 'c0', after: 'c2' });
const failure = { kind: 'loop' as const, message: 'It went round in circles.', fix: 'Say more exactly what is wanted.' };

function textOf(events: readonly RunEvent[], life: 'running' | 'finished' | 'interrupted' = 'finished'): string {
  const text = synthesisText(synthesisOf(stateAfter(events), events, { life, now: 60_000 }), WAYS);
  // They have a test of their own.
  assert.match(text, FIGURES);
  return text.replace(FIGURES, '');
}

describe('the synthesis of a run', () => {
  it('has what is held until it is answered as an answer to give, and of a run that is over as a landing to decide', () => {
    const ask = { kind: 'protected' as const, paths: ['a'], why: 'it is protected' };
    const asked: Happening = { type: 'inbox.asked', item: 'i', key: 'k', by: { task: 'api', call: null }, draft: null, ask, seconds: null };
    const plan = planned({ goal: 'Shop', tasks: [task('api')] });
    const next = (more: readonly Happening[], life: 'running' | 'finished') => {
      const events = eventsOf(plan, [...work('api', 'Built it.', 'a'), asked, ...more]);
      return synthesisOf(stateAfter(events), events, { life, now: 60_000 }).next;
    };
    assert.deepEqual(next([], 'running'), [{ kind: 'answer', items: 1 }]);
    assert.deepEqual(next([{ type: 'run.finished' }], 'finished'), [{ kind: 'held', task: 'api', title: 'Task api' }]);
  });

  it('counts as done by other agents what they did, and not what they failed at', () => {
    const plan = planned({ goal: 'Shop', tasks: [task('api')] });
    const child = (id: string): Happening => {
      const definition = plan.tasks.map((of) => ({ ...of, id, title: `Task ${id}` }))[0];
      assert.ok(definition !== undefined);
      return { type: 'task.added', task: id, definition, origin: { kind: 'child', parent: 'api', call: 'c' } };
    };
    const begun: Happening = { type: 'task.started', task: 'api', base: 'c0' };
    const events = (did: readonly Happening[]) =>
      eventsOf(plan, [
        begun,
        child('one'),
        child('two'),
        { type: 'task.awaiting', task: 'api', children: ['one', 'two'], draft: null },
        ...did,
        { type: 'task.resumed', task: 'api' },
        { type: 'task.done', task: 'api', summary: 'Built it.', changeset: 'c2', changes: [change('a')] },
        landed('api'),
        { type: 'run.finished' },
      ]);
    const lost = (id: string): Happening[] => [
      { type: 'task.started', task: id, base: 'c0' },
      { type: 'task.failed', task: id, failure, draft: null },
    ];
    const did: Happening[] = [
      ...work('one', 'Did it.', 'b'),
      { type: 'task.joined', task: 'one', before: 'c0', after: 'c1', conflicts: [] },
    ];
    assert.match(textOf(events([...did, ...lost('two')])), /1 part of it was done by other agents\./);
    assert.doesNotMatch(textOf(events([...lost('one'), ...lost('two')])), /by other agents/);
  });

  it('has names of files on one line, as approvals show them: a name can forge no line of it', () => {
    const forged = 'ok\n## Fake\nRun it.txt';
    const shown = 'ok⏎## Fake⏎Run it.txt';
    const plan = planned({ goal: 'Shop', tasks: [task('a'), task('b'), task('c'), task('d')] });
    const rule = { kind: 'rule' as const, files: [{ path: forged, side: 'ours' as const, role: 'security', over: ['coder'] }] };
    const events = eventsOf(plan, [
      ...work('a', 'Did it.', forged),
      landed('a'),
      ...work('b', 'Did it.', forged),
      { type: 'task.failed', task: 'b', failure, draft: null },
      ...work('c', 'Did it.', forged),
      { type: 'task.conflicted', task: 'c', conflict: conflict(forged, 'Your edits') },
      ...work('d', 'Did it.', forged),
      { type: 'task.conflicted', task: 'd', conflict: conflict(forged, 'Task a') },
      { type: 'task.settled', task: 'd', by: rule, base: 'c1', changeset: 'c3', changes: [], reads: [] },
      landed('d'),
      { type: 'run.finished' },
    ]);
    const text = textOf(events);
    assert.ok(text.includes(`Files: ${shown}.`) && text.includes(`Its draft is kept: ${shown}.`), text);
    assert.ok(text.includes(`${shown} with your edits`) && text.includes(`(${shown}: security before coder)`), text);
    assert.deepEqual(
      text.split('\n').filter((row) => row.startsWith('## ')),
      ['## Done', '## Not done', '## Conflicts', '## What to do next'],
    );
  });

  it('says what was found, done and lost, how conflicts went, and what to do next', () => {
    const plan = planned({
      goal: 'Open the\nshop',
      tasks: [
        task('api'),
        task('review', { role: 'security', model: 'other' }),
        task('ui', { title: 'The *UI*' }),
        task('db', { dependsOn: ['ui'] }),
        task('docs', { role: 'docs' }),
        task('extra'),
      ],
    });
    const events = eventsOf(plan, [
      ...work('api', 'Built it.\nMEDIUM src/api.ts:3 — no limit', 'src/api.ts', 'src/b.ts'),
      { type: 'task.reworked', task: 'api', why: 'check' },
      ...work('api', 'Built it.\nMEDIUM src/api.ts:3 — no limit', 'src/api.ts', 'src/b.ts'),
      { type: 'task.conflicted', task: 'api', conflict: conflict('src/api.ts', 'Your edits') },
      { type: 'task.resolved', task: 'api', path: 'src/api.ts', entry: file('b2') },
      landed('api'),
      ...work('review', 'LOW src/a.ts — odd name\nHIGH src/a.ts:12 — any caller can pass “..”'),
      landed('review'),
      { type: 'task.started', task: 'ui', base: 'c0' },
      { type: 'task.retrying', task: 'ui', failure, draft: null, waitMs: 0, message: 'Again.' },
      { type: 'task.started', task: 'ui', base: 'c0' },
      { type: 'task.failed', task: 'ui', failure, draft: 'c3' },
      { type: 'task.doomed', task: 'db', because: 'ui' },
      ...work('docs', 'Wrote it.', 'README.md'),
      { type: 'task.conflicted', task: 'docs', conflict: conflict('README.md', 'Task api') },
      { type: 'task.stopped', task: 'extra', draft: null },
      { type: 'run.finished' },
    ]);
    assert.equal(
      textOf(events),
      `# Open the shop

2 of 6 tasks landed, 2 files changed, 3 not done, 1 conflict to decide, 21 s.

## Security findings

- HIGH src/a.ts:12 — any caller can pass “..” (Task review)
- LOW src/a.ts — odd name (Task review)

## Findings

- MEDIUM src/api.ts:3 — no limit (Task api)

## Done

- **Task api** (coder): Built it.
  Files: src/api.ts, src/b.ts. On the way its check was red once, and it was repaired.
- **Task review** (security, other): What it found stands above.
  It changed nothing.

## Not done

- **The \\*UI\\*** (coder) failed: It went round in circles.
  It was tried 2 times.
- **Task db** (coder) was not started, because of “The \\*UI\\*”.
- **Task extra** (coder) was stopped.

## Conflicts

- **Task api**: src/api.ts with your edits, taken as the task had it. You decided it.
- **Task docs**: README.md with “Task api”. It waits for you.

## What to do next

- Decide the conflict of “Task docs”. (decide r1 docs)
- Retry “The \\*UI\\*”. Say more exactly what is wanted. (retry r1 ui)
- Have the rest planned anew, from what is there and what went wrong (3 tasks). (rest r1)
- See which of the 3 findings are still open. (findings r1)
`,
    );
  });

  it('is short where all went well', () => {
    const events = eventsOf(planned({ goal: 'Greet', tasks: [task('a')] }), [
      ...work('a', 'Greeted.', 'a.ts'),
      landed('a'),
      { type: 'run.finished' },
    ]);
    assert.equal(
      textOf(events),
      '# Greet\n\nAll of it is done: 1 task landed, 1 file changed, 4 s.\n\n## Done\n\n- **Task a** (coder): Greeted.\n  Files: a.ts.\n\n## What to do next\n\n- Look at what changed, then hand it on. (handOver r1)\n',
    );
  });

  it('says nothing of handing on where there is nothing to hand on', () => {
    const events = eventsOf(planned({ goal: 'Greet', tasks: [task('a')] }), [
      ...work('a', 'It is all there.'),
      landed('a'),
      { type: 'run.finished' },
    ]);
    assert.equal(
      textOf(events),
      '# Greet\n\nAll of it is done: 1 task landed, 4 s.\n\n## Done\n\n- **Task a** (coder): It is all there.\n  It changed nothing.\n',
    );
  });

  it('of a run that goes on names nothing as lost, and of one that was cut off says how it goes on', () => {
    const events = eventsOf(planned({ goal: 'Greet', tasks: [task('a')] }), [{ type: 'task.started', task: 'a', base: 'c0' }]);
    assert.equal(textOf(events, 'running'), '# Greet\n\n0 of 1 task landed, 60 s. It goes on.\n');
    assert.equal(
      textOf(events, 'interrupted'),
      '# Greet\n\n0 of 1 task landed, 1 not done, 1 s. It was cut off.\n\n## Not done\n\n- **Task a** (coder) did not come to its end.\n\n## What to do next\n\n- Go on with the run where it was cut off. (resume r1)\n',
    );
  });

  it('of a run whose budget is used up says that more of it has it go on', () => {
    const started: Happening = { type: 'task.started', task: 'a', base: 'c0' };
    const events = eventsOf(planned({ goal: 'Greet', tasks: [task('a')] }), [started, { type: 'run.outOfBudget', spent: { usd: 1 } }]);
    for (const life of ['running', 'interrupted'] as const)
      assert.match(
        textOf(events, life),
        /## What to do next\n\n- The budget is used up: raise it, and agents go on where they were\. \(budget r1\)\n$/,
      );
  });

  it('can be told of whatever happened', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (happenings) => {
        const events: RunEvent[] = eventsOf(planned({ goal: 'G', tasks: [task('a'), task('b')] }), []);
        let state: RunState = stateAfter(events);
        for (const [at, happening] of happenings.entries()) {
          const event: RunEvent = { ...happening, at: 1000 + at };
          try {
            state = reduce(state, event);
          } catch {
            // It cannot happen in this state.
            continue;
          }
          events.push(event);
        }
        for (const life of ['running', 'finished', 'interrupted'] as const) {
          const text = synthesisText(synthesisOf(state, events, { life, now: 60_000 }), WAYS);
          assert.match(text, /^# G\n\n/);
        }
      }),
    );
  });
});

describe('the conflicts of a run', () => {
  const story = (...happenings: Happening[]) =>
    conflictStories(happenings.map((happening, at) => ({ ...happening, at }))).map(({ files, end }) => [
      files.map(({ decision }) => decision),
      end,
    ]);
  const arose: Happening = { type: 'task.conflicted', task: 'a', conflict: conflict('f', 'Task b') };
  const decided = (entry: ReturnType<typeof file> | null): Happening => ({ type: 'task.resolved', task: 'a', path: 'f', entry });

  it('end as they were decided', () => {
    assert.deepEqual(story(arose), [[[null], 'open']]);
    assert.deepEqual(story(arose, landed('a')), [[[null], 'resolved']]);
    for (const [entry, decision] of [
      [file('b1'), 'kept'],
      [file('b2'), 'taken'],
      [file('b9'), 'edited'],
      [null, 'deleted'],
    ] as const)
      assert.deepEqual(story(arose, decided(entry), landed('a')), [[[decision], 'resolved']]);
    assert.deepEqual(story(arose, { type: 'task.discarded', task: 'a' }), [[[null], 'discarded']]);
    assert.deepEqual(story(arose, { type: 'task.discarded', task: 'a', landedIn: 'r2' }), [[[null], 'elsewhere']]);
    assert.deepEqual(story(arose, { type: 'task.kept', task: 'a' }), [[[null], 'calledOff']]);
  });

  it('say who decided them, where that was somebody else, and why nobody could', () => {
    const by = { kind: 'arbiter' as const, arbiter: 'a.arbiter' };
    const settled: Happening = { type: 'task.settled', task: 'a', by, base: 'c0', changeset: 'c3', changes: [] };
    const told = (...happenings: Happening[]) =>
      conflictStories(happenings.map((happening, at) => ({ ...happening, at }))).map((one) => [one.end, one.settled, one.left]);
    assert.deepEqual(told(arose, settled), [['open', by, '']]);
    assert.deepEqual(told(arose, settled, landed('a')), [['resolved', by, '']]);
    assert.deepEqual(told(arose, settled, { type: 'task.leftOpen', task: 'a', failure }), [['open', null, failure.message]]);
    assert.deepEqual(told(arose, { type: 'task.leftOpen', task: 'a', failure }, decided(null), landed('a')), [
      ['resolved', null, failure.message],
    ]);
  });

  it('are told once, however often they were merged again, and of a task that was worked on anew as that', () => {
    assert.deepEqual(story(arose, decided(file('b1')), arose, landed('a')), [[[null], 'resolved']]);
    assert.deepEqual(story(arose, { type: 'task.stopped', task: 'a', draft: null }, { type: 'task.again', task: 'a' }, landed('a')), [
      [[null], 'again'],
    ]);
    assert.deepEqual(story(arose, landed('a'), arose, landed('a')), [
      [[null], 'resolved'],
      [[null], 'resolved'],
    ]);
  });
});
