/** Traces as text, for the command line and an editor. Pure. */

import { spentText } from '../../domain/cost';
import { failureText } from '../../domain/failure';
import { counted } from '../../domain/figures';
import { exactly } from '../../domain/inboxText';
import { totalTokens } from '../../domain/usage';
import { barsOf, MARKS } from './bars';
import type { Traces } from './read';
import type { CallTrace, TaskTrace } from './taskTrace';

/** Characters of a bar, and most of a task's name. */
const WIDTH = 60;
const NAME = 24;
/** Steps of the critical path that took less are not shown. */
const LEAST_MS = 50;
/** Most characters of a call's input in its line. */
const INPUT = 80;

type Duration = (ms: number) => string;

/** What the tasks of a run did when, on what its length hung, and what would have made it faster. */
export function runTraceLines(traces: Traces, duration: Duration): string[] {
  return [...headLines(traces, duration), ...barLines(traces, duration), ...pathLines(traces, duration), ...adviceLines(traces)];
}

function headLines({ run, timeline: { state, from, to } }: Traces, duration: Duration): string[] {
  const facts = [
    duration(to - from),
    counted(state.tasks.size, 'task'),
    `up to ${counted(state.limits.maxWorkers, 'agent')} at once`,
    `model ${run.model}`,
  ];
  return [`Run ${run.id}: ${run.goal}`, `  ${facts.join(', ')}`];
}

function barLines({ timeline, tasks }: Traces, duration: Duration): string[] {
  const bars = barsOf(timeline, WIDTH);
  const names = tasks.map(({ task }) => shortened(task));
  const width = Math.max(...names.map((name) => name.length));
  const end = duration(timeline.to - timeline.from);
  const rows = names.map((name, at) => `  ${name.padEnd(width)} │${(bars[at] ?? '').padEnd(WIDTH)}│ ${worked(tasks[at], duration)}`);
  const used = MARKS.filter(([, mark]) => bars.some((bar) => bar.includes(mark)));
  const legend = used.map(([, mark, meaning]) => `${mark} ${meaning}`).join('   ');
  return ['', `  ${' '.repeat(width)} 0${end.padStart(WIDTH + 1)}`, ...rows, '', `  ${legend}`];
}

/** How long its agent was at work. */
function worked(task: TaskTrace | undefined, duration: Duration): string {
  const spans = task?.spans.filter(({ doing }) => doing === 'working') ?? [];
  return spans.length === 0 ? '' : duration(spans.reduce((sum, span) => sum + span.to - span.from, 0));
}

function pathLines({ run, timeline }: Traces, duration: Duration): string[] {
  const shown = run.criticalPath.filter((step) => step.to - step.from >= LEAST_MS);
  if (shown.length === 0) return [];
  const meaning = new Map(MARKS.map(([doing, , text]) => [doing, text]));
  const rows = shown.map(({ task, doing, from, to }) => {
    const what = `${meaning.get(doing) ?? doing} for ${duration(to - from)}`;
    const title = timeline.state.tasks.get(task)?.task.title ?? '';
    return `  ${duration(from - timeline.from).padStart(10)}  ${shortened(task).padEnd(NAME)} ${what.padEnd(36)} ${title}`.trimEnd();
  });
  return ['', 'The critical path, on which the length of the run hung:', ...rows];
}

function adviceLines({ run }: Traces): string[] {
  if (run.advice.length === 0) return ['', 'It could hardly have been faster with these tasks.'];
  return ['', 'What would have made it faster:', ...run.advice.map((text) => `  - ${text}`)];
}

/** What one task was told, what its agent did call by call, and what came of it. */
export function taskTraceLines(trace: TaskTrace, from: number, duration: Duration): string[] {
  const { input, turns, usage, spent, unpriced } = trace;
  const cost = unpriced.length === 0 ? spentText(spent) : `${spentText(spent)} (no price is known of ${unpriced.join(', ')})`;
  const lines = [
    `${trace.task}: ${input.title} (${input.role}, ${trace.model}): ${trace.stage}`,
    `  ${counted(turns.length, 'turn')}, ${totalTokens(usage).toLocaleString('en')} tokens, ${cost}`,
    '',
    ...indented(input.instructions),
  ];
  for (const turn of turns) {
    lines.push('', `  ${at(turn.from, from, duration)}  thought for ${duration(turn.to - turn.from)}`);
    if (turn.said !== '') lines.push(...indented(turn.said, 14));
    lines.push(...turn.calls.map((call) => callLine(call, from, duration)));
  }
  if (trace.reads.length > 0) lines.push('', `  read:    ${trace.reads.map(({ path }) => exactly(path)).join(', ')}`);
  if (trace.writes.length > 0) lines.push(`  changed: ${trace.writes.map(exactly).join(', ')}`);
  for (const conflict of trace.conflicts) lines.push(`  conflict in ${conflict}`);
  for (const failure of trace.failures) lines.push(`  an attempt failed: ${failureText(failure)}`);
  if (trace.error !== null) lines.push(`  failed: ${failureText(trace.error)}`);
  if (trace.output !== '') lines.push('', ...indented(trace.output));
  return lines;
}

function callLine({ tool, input, from: begun, to, answer, failed }: CallTrace, from: number, duration: Duration): string {
  const end = answer === null ? 'not made' : failed ? `failed: ${answer.split('\n')[0] ?? ''}` : duration(to - begun);
  return `  ${at(begun, from, duration)}  ${tool} ${input.length <= INPUT ? input : `${input.slice(0, INPUT - 1)}…`}  ${end}`;
}

function at(time: number, from: number, duration: Duration): string {
  return duration(Math.max(0, time - from)).padStart(10);
}

function indented(text: string, by = 2): string[] {
  return text.split('\n').map((line) => `${' '.repeat(by)}${line}`.trimEnd());
}

function shortened(name: string): string {
  return name.length <= NAME ? name : `${name.slice(0, NAME - 1)}…`;
}
