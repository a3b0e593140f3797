/** What agents spawned, and those that raced, stand under the task that they were made for; the counts are of what the person planned. */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useWorkbench } from './workbench';

function scripted(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'scenario-')), 'scenario.json');
  const finish = { tool: 'finish', input: { summary: 'Done.' } };
  const part = (name: string) => ({ name, title: `Part ${name}`, instructions: `Do part ${name}.` });
  const writing = (path: string, thinkMs = 0) => [
    { paceMs: 0, thinkMs, calls: [{ tool: 'write_file', input: { path, content: 'text\n' } }, finish] },
  ];
  const tasks = {
    top: [
      { paceMs: 0, calls: [{ tool: 'spawn', input: { parts: [part('x'), part('y')] } }] },
      { paceMs: 0, calls: [finish] },
    ],
    'top.1': writing('x.txt'),
    'top.2': writing('y.txt'),
    'race.1': writing('r.txt'),
    // Longer than the run takes: it is stopped.
    'race.2': writing('r.txt', 600_000),
  };
  writeFileSync(file, JSON.stringify({ tasks }));
  return `scripted:${file}`;
}

const task = (id: string, more: object = {}) => ({ id, title: `Task ${id}`, instructions: 'Do.', ...more });
const plan = { goal: 'Grow', tasks: [task('top'), task('race', { candidates: 2 })] };

describe('a run whose tasks others were made for', function () {
  this.timeout(180_000);
  const workbench = useWorkbench({ files: { 'grow.weft.json': JSON.stringify(plan) }, settings: { 'weft.model': scripted() } });

  it('shows them under their task, and counts its own tasks', async () => {
    await workbench().openFile('grow.weft.json');
    await workbench().clickEditorAction('Run Plan');
    await workbench().notification('2 of 2 tasks landed');
    await workbench().clearNotifications();
    await workbench().row('Runs', '2/2 landed · 2/2 parts done');
    await workbench().toggleRow('Runs', 'Task top');
    await workbench().row('Runs', 'Part y');
    await workbench().toggleRow('Runs', 'Task race');
    await workbench().row('Runs', 'Candidate 2');
    const rows = (await workbench().rows('Runs')).map((row) => row.replace(/ · .*/, ''));
    assert.deepEqual(rows.slice(1), [
      'Task top, landed',
      'Part x, joined',
      'Part y, joined',
      'x.txt, added',
      'y.txt, added',
      'Task race, landed',
      'Candidate 1, chosen',
      'Candidate 2, stopped',
      'r.txt, added',
    ]);
    await workbench().screenshot('family');
  });
});
