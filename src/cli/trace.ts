/** `weft trace`: what the tasks of a run did when, on what its length hung, and what would have made it faster. */
import { ok, type Result } from '../domain/failure';
import { counted } from '../domain/figures';
import { journalFile, readJournal } from '../engine/journal';
import { findRun } from '../engine/library';
import { summarize } from '../engine/summary';
import { adviceOf } from '../engine/trace/advice';
import { barsOf, MARKS } from '../engine/trace/bars';
import { criticalPath, type Step } from '../engine/trace/criticalPath';
import { type Timeline, timelineOf } from '../engine/trace/timeline';
import { ended } from './output';
import type { CliPorts } from './run';
import { seconds } from './words';

/** Characters of a bar, and most of a task's name. */
const WIDTH = 60;
const NAME = 24;
/** Steps of the critical path that took less are not shown. */
const LEAST_MS = 50;

export async function traceCommand(wanted: string, { repo, output }: CliPorts): Promise<number> {
  const read = await timelineFor(wanted, repo);
  if (!read.ok) return ended(output, read);
  const timeline = read.value;
  const path = criticalPath(timeline);
  const advice = adviceOf(timeline, path, seconds);
  for (const line of [...headLines(timeline), ...barLines(timeline), ...pathLines(path, timeline), ...adviceLines(advice)])
    output.say(line);
  output.result({
    exitCode: 0,
    summary: summarize(timeline.state, timeline.to),
    timeline: timeline.lines,
    criticalPath: path,
    advice,
  });
  return 0;
}

async function timelineFor(wanted: string, repo: CliPorts['repo']): Promise<Result<Timeline>> {
  const state = await findRun(repo, wanted);
  if (!state.ok) return state;
  const events = readJournal(journalFile(repo.stateDir, state.value.start.run));
  if (!events.ok) return events;
  const timeline = timelineOf(events.value);
  // A run that was found has a first event.
  if (timeline === undefined) throw new Error('The journal is empty.');
  return ok(timeline);
}

function headLines({ state, from, to }: Timeline): string[] {
  const { run, plan, model } = state.start;
  return [
    `Run ${run}: ${plan.goal}`,
    `  ${seconds(to - from)}, ${counted(state.tasks.size, 'task')}, up to ${counted(state.limits.maxWorkers, 'agent')} at once, model ${model}`,
  ];
}

function barLines(timeline: Timeline): string[] {
  const bars = barsOf(timeline, WIDTH);
  const names = timeline.lines.map(({ task }) => shortened(task));
  const width = Math.max(...names.map((name) => name.length));
  const end = seconds(timeline.to - timeline.from);
  const rows = names.map((name, at) => `  ${name.padEnd(width)} │${(bars[at] ?? '').padEnd(WIDTH)}│ ${worked(timeline, at)}`);
  const used = MARKS.filter(([, mark]) => bars.some((bar) => bar.includes(mark)));
  const legend = used.map(([, mark, meaning]) => `${mark} ${meaning}`).join('   ');
  return ['', `  ${' '.repeat(width)} 0${end.padStart(WIDTH + 1)}`, ...rows, '', `  ${legend}`];
}

/** How long its agent was at work. */
function worked({ lines }: Timeline, at: number): string {
  const spans = lines[at]?.spans.filter(({ doing }) => doing === 'working') ?? [];
  return spans.length === 0 ? '' : seconds(spans.reduce((sum, span) => sum + span.to - span.from, 0));
}

function pathLines(path: readonly Step[], { from, state }: Timeline): string[] {
  if (path.length === 0) return [];
  const meaning = new Map(MARKS.map(([doing, , text]) => [doing, text]));
  const shown = path.filter((step) => step.to - step.from >= LEAST_MS);
  const rows = shown.map(({ task, doing, from: begun, to }) => {
    const what = `${meaning.get(doing) ?? doing} for ${seconds(to - begun)}`;
    return `  ${seconds(begun - from).padStart(10)}  ${shortened(task).padEnd(NAME)} ${what}  ${state.tasks.get(task)?.task.title ?? ''}`.trimEnd();
  });
  return ['', 'The critical path, on which the length of the run hung:', ...rows];
}

function adviceLines(advice: readonly string[]): string[] {
  if (advice.length === 0) return ['', 'It could hardly have been faster with these tasks.'];
  return ['', 'What would have made it faster:', ...advice.map((text) => `  - ${text}`)];
}

function shortened(name: string): string {
  return name.length <= NAME ? name : `${name.slice(0, NAME - 1)}…`;
}
