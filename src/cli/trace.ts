/** `weft trace`: what the tasks of a run did when, on what its length hung, and what would have made it faster. */
import { resolve } from 'node:path';
import { fail } from '../domain/failure';
import { findRun } from '../engine/journal/library';
import { readTraces, writeTraces } from '../engine/trace/read';
import { runTraceLines, taskTraceLines } from '../engine/trace/text';
import { ended } from './output';
import type { CliPorts } from './run';
import { seconds } from './words';

interface Wanted {
  readonly run: string;
  /** Only this one, call by call. */
  readonly task: string | undefined;
  /** Folder into which the traces are written as files. */
  readonly out: string | undefined;
}

export async function traceCommand(wanted: Wanted, { repo, output }: CliPorts): Promise<number> {
  const state = await findRun(repo, wanted.run);
  if (!state.ok) return ended(output, state);
  const traces = readTraces(repo.stateDir, state.value.start.run, seconds);
  if (!traces.ok) return ended(output, traces);
  const { run, tasks, timeline } = traces.value;
  if (wanted.out !== undefined) {
    const folder = resolve(wanted.out);
    const written = writeTraces(traces.value, folder);
    if (!written.ok) return ended(output, written);
    output.say(`The traces are in ${folder}: index.json, and a file for each task in tasks.`);
    output.result({ exitCode: 0, folder });
    return 0;
  }
  if (wanted.task === undefined) {
    for (const line of runTraceLines(traces.value, seconds)) output.say(line);
    output.result({ exitCode: 0, ...run, timeline: timeline.lines });
    return 0;
  }
  const task = tasks.find((one) => one.task === wanted.task);
  if (task === undefined)
    return ended(
      output,
      fail('input', `Run ${run.id} has no task “${wanted.task}”.`, `Its tasks: ${tasks.map((one) => one.task).join(', ')}.`),
    );
  for (const line of taskTraceLines(task, timeline.from, seconds)) output.say(line);
  output.result({ exitCode: 0, ...task });
  return 0;
}
