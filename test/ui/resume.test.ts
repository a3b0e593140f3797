/** A run that is cut off, by the death of its extension host or by a reload: it offers to go on, or does, where it was. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEvent, type RunEvent } from '../../src/domain/event';
import { useWorkbench } from './workbench';

const scenario = join(mkdtempSync(join(tmpdir(), 'scenario-')), 'scenario.json');

/** The agent of the task writes a file, when its row has been seen with nothing under it, and then finishes: `held` after hours, else at once. */
function play(held: boolean): void {
  const finish = { tool: 'finish', input: { summary: 'Done.' } };
  const write = (path: string) => ({ tool: 'write_file', input: { path, content: 'written\n' } });
  const turns = (path: string) => [
    { paceMs: 0, thinkMs: 1_000, calls: [write(path)] },
    { paceMs: 0, ...(held ? { thinkMs: 36_000_000 } : {}), calls: [finish] },
  ];
  writeFileSync(scenario, JSON.stringify({ tasks: { first: turns('first.txt'), second: turns('second.txt') } }));
}

const plan = (id: string) => JSON.stringify({ goal: `The ${id} goal`, tasks: [{ id, title: `Task ${id}`, instructions: 'Do.' }] });

describe('a run that is cut off', function () {
  this.timeout(240_000);
  const workbench = useWorkbench({
    files: { 'first.weft.json': plan('first'), 'second.weft.json': plan('second') },
    settings: { 'weft.model': `scripted:${scenario}` },
  });

  /** What happened in the run of a task, as its journal has it. */
  function journal(task: string): RunEvent[] {
    const weft = join(workbench().folder, '.git', 'weft');
    const runs = join(weft, readdirSync(weft)[0] ?? '', 'runs');
    const all = readdirSync(runs).map((run) => readFileSync(join(runs, run, 'journal.jsonl'), 'utf8'));
    return all
      .map((text) => text.split('\n').flatMap((line) => parseEvent(line) ?? []))
      .filter(([start]) => start?.type === 'run.started' && start.plan.tasks[0]?.id === task)
      .flat();
  }

  /** Runs a plan until its agent has written its file and thinks again. */
  async function untilHeld(task: string): Promise<void> {
    play(true);
    await workbench().openFile(`${task}.weft.json`);
    await workbench().clickEditorAction('Run Plan');
    await workbench().toggleRow('Runs', `Task ${task}`);
    await workbench().row('Runs', `${task}.txt`);
    play(false);
  }

  function assertWhole(task: string): void {
    assert.equal(readFileSync(join(workbench().folder, `${task}.txt`), 'utf8'), 'written\n');
    const types = journal(task).map(({ type }) => type);
    const count = (type: RunEvent['type']) => types.filter((one) => one === type).length;
    assert.deepEqual([count('run.started'), count('run.taken'), count('task.turn'), count('task.landed')], [1, 1, 2, 1]);
  }

  it('by the death of the extension host offers to go on, and does, from where it was', async () => {
    await untilHeld('first');
    const [start] = journal('first');
    assert.ok(start?.type === 'run.started');
    process.kill(start.pid, 'SIGKILL');
    await workbench().reload();
    await workbench().notification('The run “The first goal” was cut off, with 1 of 1 task to do.');
    await workbench().screenshot('resume');
    await workbench().clickNotification('was cut off', 'Resume');
    await workbench().notification('1 of 1 task landed');
    assertWhole('first');
    await workbench().clearNotifications();
  });

  it('by a reload goes on by itself, where that is set', async () => {
    await workbench().set({ 'weft.resume': 'always' });
    await untilHeld('second');
    await workbench().reload();
    await workbench().notification('1 of 1 task landed');
    assertWhole('second');
  });
});
