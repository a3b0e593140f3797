/** `weft runs`, `weft land` and `weft discard`: what there was, landing later, and throwing away. */

import { readFile, rm } from 'node:fs/promises';
import type { Entry } from '../domain/changes';
import { fail, ok, type Result } from '../domain/failure';
import { exactly } from '../domain/inboxText';
import { stageText } from '../domain/stageText';
import { stagesText } from '../engine/figures';
import { lifeOf, listRuns } from '../engine/journal/library';
import type { RunRecord } from '../engine/journal/record';
import { landPortsOf, landTask, resolveFile } from '../engine/landing/landing';
import { inFamilies } from '../engine/schedule/offspring';
import { asItStands } from '../engine/steering/elsewhere';
import { discardDraft } from '../engine/steering/kept';
import { countedUntil, summarize } from '../engine/summary';
import { type ConflictPaths, conflictFolder, hasMarkers, resolvedEntry, writeConflictFiles } from '../repo/land/conflictFiles';
import type { Repository } from '../repo/repository';
import { cutOffText, unreadableLines } from './damaged';
import { ended } from './output';
import { inConflict, openRecord } from './record';
import type { CliPorts } from './run';

export async function runsCommand({ repo, output }: CliPorts): Promise<number> {
  const { runs: recorded, unreadable } = await listRuns(repo);
  const runs = recorded.map((state) => asItStands(state, repo));
  for (const state of runs) {
    const { start } = state;
    output.say(`${start.run}  ${new Date(start.at).toLocaleString()}  ${lifeOf(state)}  ${start.plan.goal}`);
    output.say(`    ${stagesText(summarize(state, Date.now()))}; snapshot ${start.snapshot}`);
    if (lifeOf(state) === 'interrupted') output.say(`    ${await cutOffText(repo, state)}`);
    const rows = inFamilies(state).map(({ task, generation }) => [
      '  '.repeat(generation) + task.task.id,
      stageText(task.stage),
      task.task.title,
    ]);
    const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
    for (const [id = '', stage = '', title] of rows) output.say(`    ${id.padEnd(width(0))}  ${stage.padEnd(width(1))}  ${title}`);
  }
  if (runs.length + unreadable.length === 0) output.say('There are no runs of this folder yet.');
  for (const one of unreadable) for (const line of await unreadableLines(repo, one)) output.say(line);
  const rows = runs.map((state) => ({
    goal: state.start.plan.goal,
    life: lifeOf(state),
    at: state.start.at,
    ...summarize(state, countedUntil(state, lifeOf(state), Date.now())),
  }));
  output.result({ exitCode: 0, runs: rows, unreadable });
  return 0;
}

/** Lands a draft that was kept. A conflict lands as its merged files are by now. */
export async function landCommand(wanted: { run: string; task: string }, ports: CliPorts): Promise<number> {
  const { repo, workspace, output, signal } = ports;
  const opened = await openRecord(wanted.run, repo);
  if (!opened.ok) return ended(output, opened);
  const record = opened.value;
  try {
    const ready = await takeMerged(record, wanted.task, repo);
    if (!ready.ok) return ended(output, ready);
    const landed = await landTask(record, landPortsOf(record, { repo, workspace }), wanted.task, signal);
    if (!landed.ok) return ended(output, landed);
  } finally {
    record.close();
  }
  const task = record.state.tasks.get(wanted.task);
  if (task?.stage.kind === 'conflicted') return inConflict(record, wanted.task, ports);
  output.say(`“${task?.task.title ?? wanted.task}” is ${task?.stage.kind ?? 'gone'}.`);
  output.result({ exitCode: 0, stage: task?.stage.kind });
  return 0;
}

/** Throws a draft away that was kept. Whoever names run and task has decided. */
export async function discardCommand(wanted: { run: string; task: string }, { repo, output }: CliPorts): Promise<number> {
  const opened = await openRecord(wanted.run, repo);
  if (!opened.ok) return ended(output, opened);
  const record = opened.value;
  try {
    const done = await discardDraft(record, repo, wanted.task);
    if (!done.ok) return ended(output, done);
  } finally {
    record.close();
  }
  output.say(`The draft of “${record.state.tasks.get(wanted.task)?.task.title ?? wanted.task}” is discarded.`);
  output.result({ exitCode: 0, stage: record.state.tasks.get(wanted.task)?.stage.kind });
  return 0;
}

/** Takes the merged files of a conflict for the person's decisions; fails where there is nothing that could land. */
async function takeMerged(record: RunRecord, id: string, repo: Repository): Promise<Result<void>> {
  const task = record.state.tasks.get(id);
  const { run } = record.state.start;
  if (task === undefined)
    return fail('input', `Run ${run} has no task “${id}”.`, `Its tasks: ${[...record.state.tasks.keys()].join(', ')}.`);
  const {
    stage,
    work,
    task: { title },
  } = task;
  if (stage.kind !== 'conflicted') {
    const kept = work.changeset !== null && ['failed', 'stopped', 'done', 'held', 'doomed'].includes(stage.kind);
    return kept
      ? ok()
      : fail(
          'input',
          `“${title}” has no draft to land (it is ${stageText(stage)}).`,
          'Only what was kept, or is in conflict, can be landed.',
        );
  }
  const files = await writeConflictFiles(repo, { run, task: id, title, keep: true }, stage.conflict);
  if (!files.ok) return files;
  const decisions: { path: string; entry: Entry | null }[] = [];
  const unmerged: ConflictPaths[] = [];
  for (const paths of files.value) {
    const { path, result } = paths;
    const file = stage.conflict.files.find((one) => one.path === path);
    const bytes = await readFile(result);
    if (hasMarkers(bytes.toString())) {
      unmerged.push(paths);
      continue;
    }
    const entry = file === undefined ? undefined : await resolvedEntry(repo, file, bytes);
    if (entry?.ok === false) return entry;
    if (entry !== undefined) decisions.push({ path, entry: entry.value });
  }
  if (unmerged.length > 0)
    return fail(
      'input',
      `${unmerged.map(({ path }) => exactly(path)).join(', ')} still ${unmerged.length === 1 ? 'has' : 'have'} conflict markers.`,
      `Merge ${unmerged.map(({ result }) => exactly(result)).join(', ')} first${stage.conflict.intent === 'land' ? `, or have an agent decide it: weft arbitrate ${run} ${id}` : ''}.`,
    );
  await rm(conflictFolder(repo, run, id), { recursive: true, force: true });
  for (const { path, entry } of decisions) resolveFile(record, id, path, entry);
  return ok();
}
