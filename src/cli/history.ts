/** `weft runs`, `weft snapshots`, `weft undo` and `weft rollback`: what there was, and going back. */

import { changeWord } from '../domain/changes';
import { systemClock } from '../domain/clock';
import { type Failure, failureText, type Result } from '../domain/failure';
import { landPortsOf, undoTask } from '../engine/landing';
import { findRun, lifeOf, listRuns, notElsewhere } from '../engine/library';
import { RunRecord } from '../engine/record';
import { rollBackTo } from '../engine/rollback';
import { summarize } from '../engine/summary';
import { writeConflictFiles } from '../repo/conflictFiles';
import { findSnapshot, listSnapshots } from '../repo/snapshot';
import { count, type Output, stagesText } from './output';
import type { CliPorts } from './run';

export async function runsCommand({ repo, output }: CliPorts): Promise<number> {
  const { runs, unreadable } = await listRuns(repo);
  for (const state of runs) {
    const { start } = state;
    output.say(`${start.run}  ${new Date(start.at).toLocaleString()}  ${lifeOf(state)}  ${start.plan.goal}`);
    output.say(`    ${stagesText(summarize(state, Date.now()).stages)}; snapshot ${start.snapshot}`);
    for (const [id, { task, stage }] of state.tasks) output.say(`    ${id.padEnd(16)} ${stage.kind.padEnd(10)} ${task.title}`);
  }
  if (runs.length === 0) output.say('There are no runs of this folder yet.');
  for (const one of unreadable) if (!one.ok) output.say(`weft: ${failureText(one.failure)}`);
  const rows = runs.map((state) => ({
    goal: state.start.plan.goal,
    life: lifeOf(state),
    at: state.start.at,
    ...summarize(state, Date.now()),
  }));
  output.result({ exitCode: 0, runs: rows });
  return 0;
}

export async function snapshotsCommand({ repo, output }: CliPorts): Promise<number> {
  const snapshots = await listSnapshots(repo);
  if (!snapshots.ok) return ended(output, snapshots);
  for (const { id, at, label, unsaved, untitled } of snapshots.value) {
    const more = unsaved.length + untitled.length;
    output.say(`${id}  ${new Date(at).toLocaleString()}  ${label}${more > 0 ? ` (with ${count(more, 'unsaved text')})` : ''}`);
  }
  if (snapshots.value.length === 0) output.say('There are no snapshots of this folder yet: each run begins with one.');
  output.result({ exitCode: 0, snapshots: snapshots.value });
  return 0;
}

export async function rollbackCommand(id: string, { repo, workspace, output, signal }: CliPorts): Promise<number> {
  const snapshot = await findSnapshot(repo, id);
  if (!snapshot.ok) return ended(output, snapshot);
  const done = await rollBackTo(snapshot.value, { repo, workspace, clock: systemClock, openRecord: () => undefined }, signal);
  if (!done.ok) return ended(output, done);
  const { changes, safety } = done.value;
  for (const change of changes) output.say(`  ${changeWord(change).padEnd(8)} ${change.path}`);
  output.say(`The folder is as it was at “${snapshot.value.label}”: ${count(changes.length, 'file')} changed.`);
  output.say(`Take the rollback back: weft rollback ${safety.id}`);
  output.result({ exitCode: 0, changes, safety: safety.id });
  return 0;
}

export async function undoCommand(wanted: { run: string; task: string }, { repo, workspace, output, signal }: CliPorts): Promise<number> {
  const state = await findRun(repo, wanted.run);
  if (!state.ok) return ended(output, state);
  const free = notElsewhere(state.value);
  if (!free.ok) return ended(output, free);
  const { run } = state.value.start;
  const record = RunRecord.open(repo.stateDir, run, systemClock);
  if (!record.ok) return ended(output, record);
  const ports = landPortsOf(record.value, { repo, workspace });
  const undone = await undoTask(record.value, ports, wanted.task, signal);
  record.value.close();
  if (!undone.ok) return ended(output, undone);
  const title = record.value.state.tasks.get(wanted.task)?.task.title ?? wanted.task;
  if (undone.value.kind === 'landed') {
    for (const change of undone.value.changes) output.say(`  ${changeWord(change).padEnd(8)} ${change.path}`);
    output.say(`“${title}” is undone; everything else is kept.`);
    output.result({ exitCode: 0, changes: undone.value.changes });
    return 0;
  }
  const files = await writeConflictFiles(repo, { run, task: wanted.task, title: `Undo: ${title}`, keep: false }, undone.value.conflict);
  if (!files.ok) return ended(output, files);
  output.say(
    `“${title}” cannot be undone without a decision: later work stands on the same lines. Nothing was changed. Decide it in VS Code, or merge by hand:`,
  );
  for (const file of files.value) output.say(`  ${file.path}\n    merged  ${file.result}`);
  output.result({ exitCode: 1, conflicts: files.value });
  return 1;
}

function ended(output: Output, result: Result<unknown, Failure>): number {
  const failure = result.ok ? undefined : result.failure;
  const exitCode = failure?.kind === 'cancelled' ? 130 : failure?.kind === 'input' ? 2 : 1;
  output.result({ exitCode, failure });
  return exitCode;
}
