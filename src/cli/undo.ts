/** `weft undo` and `weft redo`, of a run, a task, a file or a hunk; and `weft hunks`, which numbers them. */

import { changeWord } from '../domain/changes';
import { fail } from '../domain/failure';
import { exactly } from '../domain/inboxText';
import { isSamePart } from '../domain/part';
import type { RunState } from '../domain/run';
import { callOff, reversalsOf } from '../engine/history/callOff';
import { type Dependent, dependentsOf } from '../engine/history/dependents';
import { type Reversal, reverse } from '../engine/history/undo';
import { findRun, listRuns } from '../engine/journal/library';
import { landPortsOf } from '../engine/landing/landing';
import { changedFile, hunkText } from '../repo/history/hunks';
import { ended } from './output';
import { inConflict, openRecord } from './record';
import type { CliPorts } from './run';
import { shellWord } from './words';

/** Does it, and says which tasks stand on what is undone, what changed, and the way back. */
export async function reverseCommand(wanted: { run: string; reversal: Reversal }, ports: CliPorts): Promise<number> {
  const { repo, workspace, output, signal } = ports;
  const opened = await openRecord(wanted.run, repo);
  if (!opened.ok) return ended(output, opened);
  const record = opened.value;
  const { reversal } = wanted;
  try {
    const { runs } = await listRuns(repo);
    const dependents = await dependentsOf(repo, { runs, state: record.state, reversal }, signal);
    if (!dependents.ok) return ended(output, dependents);
    const done = await reverse(record, landPortsOf(record, { repo, workspace }), reversal, signal);
    if (!done.ok) return ended(output, done);
    for (const line of dependentLines(dependents.value)) output.say(line);
    if (done.value.kind === 'conflict') return await inConflict(record, done.value.task, ports);
    for (const change of done.value.changes) output.say(`  ${changeWord(change).padEnd(8)} ${exactly(change.path)}`);
    output.say(`${nameOf(record.state, reversal)} is ${reversal.intent === 'undo' ? 'undone' : 'redone'}; everything else is kept.`);
    output.say(
      reversal.intent === 'undo'
        ? `Bring it back: ${wayBack(record.state, reversal)}`
        : `Take it back again: ${wayBack(record.state, reversal)}`,
    );
    output.result({ exitCode: 0, changes: done.value.changes, dependents: dependents.value });
    return 0;
  } finally {
    record.close();
  }
}

function dependentLines(dependents: readonly Dependent[]): string[] {
  if (dependents.length === 0) return [];
  const rows = dependents.map(
    ({ run, task, title, why, paths }) =>
      `  ${task.padEnd(16)} ${exactly(title)} (run ${run}): ${why === 'lines' ? 'changed the same lines of' : 'had read'} ${paths.map(exactly).join(', ')}`,
  );
  return ['Look at these tasks, which came later and may depend on it:', ...rows];
}

function nameOf(state: RunState, { target }: Reversal): string {
  if (target.of === 'run') return `The run “${state.start.plan.goal}”`;
  const title = `“${state.tasks.get(target.task)?.task.title ?? target.task}”`;
  if (target.of === 'task') return title;
  return `${target.hunk === null ? exactly(target.path) : `Hunk ${target.hunk} of ${exactly(target.path)}`} of ${title}`;
}

/** The command that does the opposite. */
function wayBack({ start }: RunState, { intent, target }: Reversal): string {
  const task = target.of === 'run' ? [] : [target.task];
  const part = target.of !== 'part' ? [] : ['--file', target.path, ...(target.hunk === null ? [] : ['--hunk', String(target.hunk)])];
  return ['weft', intent === 'undo' ? 'redo' : 'undo', start.run, ...task, ...part].map(shellWord).join(' ');
}

/** Leaves what is in conflict as it was. Whoever names the run has decided. */
export async function callOffCommand(
  wanted: { intent: 'undo' | 'redo'; run: string; task: string | undefined },
  { repo, output, signal }: CliPorts,
): Promise<number> {
  const opened = await openRecord(wanted.run, repo);
  if (!opened.ok) return ended(output, opened);
  const record = opened.value;
  try {
    const all = reversalsOf(record.state, wanted.intent).map(({ task }) => task);
    const meant = all.filter(({ id }) => wanted.task === undefined || id === wanted.task);
    if (meant.length === 0) {
      const where = wanted.task === undefined ? `run ${record.state.start.run}` : `“${wanted.task}” of run ${record.state.start.run}`;
      const others = all.length === 0 ? 'Run “weft inbox” for what waits for you.' : `What can be: ${all.map(({ id }) => id).join(', ')}.`;
      return ended(output, fail('input', `There is no ${wanted.intent} of ${where} in conflict that could be called off.`, others));
    }
    for (const { id, title } of meant) {
      const done = await callOff(record, repo, id, signal);
      if (!done.ok) return ended(output, done);
      const stage = record.state.tasks.get(id)?.stage.kind;
      output.say(`The ${wanted.intent} of “${title}” is called off: it is ${stage}, and no file was changed.`);
    }
    output.result({ exitCode: 0, kept: meant.map(({ id }) => id) });
    return 0;
  } finally {
    record.close();
  }
}

/** The hunks of a file that a task changed, numbered as `weft undo --hunk` takes them. */
export async function hunksCommand(wanted: { run: string; task: string; path: string }, { repo, output }: CliPorts): Promise<number> {
  const state = await findRun(repo, wanted.run);
  if (!state.ok) return ended(output, state);
  const task = state.value.tasks.get(wanted.task);
  if (task?.landing === undefined || task.landing === null)
    return ended(
      output,
      fail('input', `Run ${state.value.start.run} has no task “${wanted.task}” that landed.`, 'Run “weft runs” for its tasks.'),
    );
  const file = await changedFile(repo, task.landing, wanted.path);
  if (!file.ok) {
    const { kind, message, fix } = file.failure;
    return ended(output, kind === 'input' ? fail(kind, `“${task.task.title}”: ${message}`, fix) : file);
  }
  const { path, from, hunks } = file.value;
  for (const hunk of hunks) {
    const text = await hunkText(repo, file.value, hunk);
    if (!text.ok) return ended(output, text);
    const isUndone = task.parts.some(({ part }) => isSamePart(part, { path, from, hunk }));
    output.say(`Hunk ${hunk.number}, line ${hunk.after.line}${isUndone ? ' (undone)' : ''}`);
    for (const line of text.value) output.say(`  ${line}`);
  }
  if (hunks.length === 0) output.say(`${exactly(path)} was added or deleted whole, or is no text: it has no hunks.`);
  output.result({ exitCode: 0, hunks });
  return 0;
}
