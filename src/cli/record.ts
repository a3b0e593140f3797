/** The record of a run that a command adds to; and what is said of a conflict, and of what a crash left. */
import { systemClock } from '../domain/clock';
import type { Result } from '../domain/failure';
import { findRun, notElsewhere } from '../engine/journal/library';
import { RunRecord } from '../engine/journal/record';
import { type RecoveryPorts, type Settled, settledText } from '../engine/recovery';
import { writeConflictFiles } from '../repo/land/conflictFiles';
import type { Repository } from '../repo/repository';
import { conflictLines, ended } from './output';
import type { CliPorts } from './run';

/** Writes the files of a conflict, and says what to do with them. */
export async function inConflict(record: RunRecord, id: string, { repo, output }: CliPorts): Promise<number> {
  const task = record.state.tasks.get(id);
  if (task?.stage.kind !== 'conflicted') return 1;
  const { run } = record.state.start;
  const files = await writeConflictFiles(repo, { run, task: id, title: task.task.title, keep: false }, task.stage.conflict);
  if (!files.ok) return ended(output, files);
  const { intent } = task.stage.conflict;
  for (const line of conflictLines({ intent, run, task: id, title: task.task.title, files: files.value })) output.say(line);
  output.result({ exitCode: 1, conflicts: files.value });
  return 1;
}

/** What settles what a crash left, and says so. */
export function recoveryPorts({ repo, workspace, output }: CliPorts): RecoveryPorts {
  const onSettled = (settled: Settled) => output.notice(settledText(settled));
  return { repo, workspace, clock: systemClock, openRecord: () => undefined, onSettled };
}

/** The record of a run that no other process is at work on. */
export async function openRecord(run: string, repo: Repository): Promise<Result<RunRecord>> {
  const state = await findRun(repo, run);
  if (!state.ok) return state;
  const free = notElsewhere(state.value);
  return free.ok ? RunRecord.open(repo.stateDir, state.value.start.run, systemClock) : free;
}
