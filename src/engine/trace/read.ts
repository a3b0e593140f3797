/** Reads what there is of a run, and writes its traces as files: an index, and one for each task. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, fixOfWrite, ok, type Result, thrownText } from '../../domain/failure';
import { journalFile, readJournal } from '../journal/journal';
import { Transcripts } from '../journal/transcripts';
import { type Summary, summarize } from '../summary';
import { adviceOf } from './advice';
import { criticalPath, type Step } from './criticalPath';
import { type TaskTrace, taskTrace, withoutSecrets } from './taskTrace';
import { type Timeline, timelineOf } from './timeline';

/** The index of a run's traces. */
export interface RunTrace {
  readonly id: string;
  readonly goal: string;
  readonly model: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly summary: Summary;
  readonly criticalPath: readonly Step[];
  readonly advice: readonly string[];
  readonly tasks: readonly { readonly id: string; readonly task: string; readonly title: string; readonly stage: string }[];
}

export interface Traces {
  readonly timeline: Timeline;
  readonly run: RunTrace;
  readonly tasks: readonly TaskTrace[];
}

/** Everything that is known of a run. Fails where its journal or a transcript cannot be read. */
export function readTraces(stateDir: string, run: string, duration: (ms: number) => string): Result<Traces> {
  const events = readJournal(journalFile(stateDir, run));
  if (!events.ok) return events;
  const timeline = timelineOf(events.value);
  if (timeline === undefined) return fail('input', `There is no run “${run}” of this folder.`, 'Run “weft runs” for the list.');
  const transcripts = new Transcripts(stateDir, run, { now: () => timeline.to });
  const tasks: TaskTrace[] = [];
  for (const task of timeline.state.tasks.values()) {
    const entries = transcripts.readStamped(task.task.id);
    if (!entries.ok) return entries;
    tasks.push(withoutSecrets(taskTrace(timeline, task, entries.value)));
  }
  const path = criticalPath(timeline);
  const { start } = timeline.state;
  const index: RunTrace = {
    id: run,
    goal: start.plan.goal,
    model: start.model,
    from: timeline.from,
    to: timeline.to,
    summary: summarize(timeline.state, timeline.to),
    criticalPath: path,
    advice: adviceOf(timeline, path, duration),
    tasks: tasks.map(({ id, task, input, stage }) => ({ id, task, title: input.title, stage })),
  };
  return ok({ timeline, run: withoutSecrets(index), tasks });
}

/** Writes `index.json` and `tasks/<task>.json` into a folder; readable by its user alone. */
export function writeTraces({ run, tasks }: Traces, folder: string): Result<void> {
  try {
    mkdirSync(join(folder, 'tasks'), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, 'index.json'), `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
    for (const task of tasks)
      writeFileSync(join(folder, 'tasks', `${task.task}.json`), `${JSON.stringify(task, null, 2)}\n`, { mode: 0o600 });
    return ok();
  } catch (thrown) {
    return fail(
      'file',
      `The traces cannot be written to ${folder}: ${thrownText(thrown)}.`,
      fixOfWrite(thrown, 'Name a folder that can be written to.'),
    );
  }
}
