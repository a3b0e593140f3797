/** What rows say of tasks. */
import assert from 'node:assert/strict';
import type { Happening } from '../../src/domain/event';
import { finishedText, runText, taskText } from '../../src/vscode/runs/wording';
import { conflictOf } from '../support/run';
import { eventsOf, planned, stateAfter } from '../support/stateAfter';

describe('the row of a run', () => {
  it('counts a task as landed whose undo is in conflict: it is in the workspace', () => {
    const plan = planned({ goal: 'Shop', tasks: [{ id: 'api', title: 'Build', role: 'coder', instructions: 'Build.' }] });
    const happened: Happening[] = [
      { type: 'task.started', task: 'api', base: 'c0' },
      { type: 'task.done', task: 'api', summary: '', changeset: 'c2', changes: [] },
      { type: 'task.landed', task: 'api', before: 'c0', after: 'c2' },
      { type: 'run.finished' },
      { type: 'task.conflicted', task: 'api', conflict: { ...conflictOf('a'), intent: 'undo' } },
    ];
    const state = stateAfter(eventsOf(plan, happened));
    assert.match(runText(state, 'finished', 0), /^1\/1 landed · 1 conflict/);
    assert.match(finishedText(state), /^1 of 1 task landed in .*; 1 conflict\.$/);
  });
});

describe('the row of a task', () => {
  it('asks as long as somebody hears the answer, and is held in a run that is over', () => {
    const plan = planned({ goal: 'Shop', tasks: [{ id: 'api', title: 'Build', role: 'coder', instructions: 'Build.' }] });
    const ask = { kind: 'protected' as const, paths: ['a'], why: 'it is protected' };
    const happened: Happening[] = [
      { type: 'task.started', task: 'api', base: 'c0' },
      { type: 'task.done', task: 'api', summary: '', changeset: 'c2', changes: [] },
      { type: 'inbox.asked', item: 'i', key: 'k', by: { task: 'api', call: null }, draft: null, ask, seconds: null },
    ];
    const text = (more: readonly Happening[], life: 'running' | 'finished') => {
      const state = stateAfter(eventsOf(plan, [...happened, ...more]));
      const task = state.tasks.get('api');
      assert.ok(task !== undefined);
      return taskText(task, state, life, 0);
    };
    assert.equal(text([], 'running'), 'asks: Change a: it is protected · coder');
    assert.equal(text([{ type: 'run.finished' }], 'finished'), 'held: Change a: it is protected · coder');
  });
});
