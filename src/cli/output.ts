/** What the CLI prints: for people, a line for each thing that happens; for programs, JSON lines. */

import { budgetText, WHOLE_RUN } from '../domain/budget';
import type { Conflict } from '../domain/changes';
import { budgetOf, emptyAccount, spentFor, spentIn, spentText } from '../domain/cost';
import type { RunEvent } from '../domain/event';
import { type Failure, failureText, type Result } from '../domain/failure';
import { counted } from '../domain/figures';
import { exactly } from '../domain/inboxText';
import type { RunState } from '../domain/run';
import { isOver } from '../domain/taskState';
import { stagesText } from '../engine/figures';
import type { Summary } from '../engine/summary';
import type { ConflictPaths } from '../repo/land/conflictFiles';
import { eventLine } from './eventLine';

export interface Output {
  /** A sentence for people; not shown in JSON. */
  say(line: string): void;
  /** What a person should know, and no failure; in JSON, an event says it. */
  warn(line: string): void;
  /** Something that nobody asked for, and that everybody must know. */
  notice(text: string): void;
  event(event: RunEvent, state: RunState): void;
  /** The last line in JSON: how the command ended, and what it has to tell. */
  result(result: { exitCode: number; failure?: Failure | undefined; [fact: string]: unknown }): void;
}

/** `write` takes text for standard output, `complain` for standard error. */
export function output(json: boolean, write: (text: string) => void, complain: (text: string) => void): Output {
  return json
    ? {
        say: () => undefined,
        warn: () => undefined,
        notice: (text) => write(`${JSON.stringify({ type: 'notice', text })}\n`),
        event: (event) => write(`${JSON.stringify(event)}\n`),
        result: (result) => write(`${JSON.stringify({ type: 'result', ...result })}\n`),
      }
    : {
        say: (line) => write(`${plain(line)}\n`),
        warn: (line) => complain(`weft: ${plain(line)}\n`),
        notice: (text) => write(`${plain(text)}\n`),
        event: (event, state) => {
          const line = eventLine(event, state);
          if (line !== undefined) write(`${plain(line)}\n`);
        },
        result: ({ failure }) => {
          if (failure !== undefined) complain(`weft: ${plain(failureText(failure))}\n`);
        },
      };
}

/**
 * Models, and names of files, may have what a terminal takes for commands (titles, colours, the clipboard), or what turns the order of
 * letters around: it is shown, not obeyed.
 */
function plain(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|[\u2028-\u202e\u2066-\u2069]/gu, '\ufffd');
}

/** The end of a run, for people, after its synthesis: how it is gone on with. */
export function summaryLines(
  state: RunState,
  summary: Summary,
  conflicts: readonly { task: string; files: readonly ConflictPaths[] }[],
): string[] {
  const lines = ['', `Run ${summary.run}: ${stagesText(summary)}`];
  if (state.stopReason === 'timeout') lines.push('  It took longer than it may, and was stopped. What was done is kept.');
  for (const { task, files } of conflicts) {
    lines.push('', ...conflictLines({ intent: 'land', run: summary.run, task, title: state.tasks.get(task)?.task.title ?? task, files }));
  }
  for (const [task, { stage, task: titled, work }] of state.tasks) {
    if (stage.kind !== 'held') continue;
    const files = work.stale.map((file) => exactly(file.path)).join(', ');
    const why = stage.item === null ? `read what was changed meanwhile (${files}), and waits for you` : 'waits for leave to land';
    lines.push('', `“${titled.title}” ${why}.`);
    lines.push(`Land it all the same: weft land ${summary.run} ${task}`);
  }
  lines.push(...budgetLines(state));
  if (summary.filesChanged > 0)
    lines.push(
      '',
      `Take it all back, and keep what you did: weft undo ${summary.run}`,
      `Take one task back:                      weft undo ${summary.run} TASK`,
      `Have all files as they were before it:   weft rollback ${summary.snapshot}`,
    );
  return lines;
}

interface ShownConflict {
  readonly intent: Conflict['intent'];
  readonly run: string;
  readonly task: string;
  readonly title: string;
  readonly files: readonly ConflictPaths[];
}

/** A conflict: which files, where its sides lie, and what to do. */
export function conflictLines(conflict: ShownConflict): string[] {
  const { intent, run, task } = conflict;
  const lines = [`Conflict of “${exactly(conflict.title)}”: nothing of it was applied. Decide it in VS Code, or in these files:`];
  for (const { path, base, ours, theirs, result } of conflict.files) {
    const sides = { base, ours, theirs, merged: result };
    lines.push(`  ${exactly(path)}`, ...Object.entries(sides).map(([side, place]) => `    ${side.padEnd(6)}  ${exactly(place)}`));
  }
  lines.push(`When the merged files are as you want them: weft land ${run} ${task}`);
  // What an agent did is thrown away by “weft discard”; here there is nothing to throw away.
  if (intent === 'land') return [...lines, `Or have an agent decide it: weft arbitrate ${run} ${task}`];
  return [...lines, `Or leave all as it is: weft ${intent} ${run} ${task} --call-off`];
}

/** How to go on where a budget is used up; nothing where it is not. */
function budgetLines(state: RunState): string[] {
  const { run } = state.start;
  const account = [...state.tasks.values()]
    .map((task) => (isOver(task.stage) ? undefined : emptyAccount(state, task)))
    .find((one) => one !== undefined);
  if (account === undefined) return [];
  const whose = account === WHOLE_RUN ? 'the run' : `“${state.tasks.get(account)?.task.title ?? account}”`;
  const spent = account === WHOLE_RUN ? spentIn(state) : spentFor(state, account);
  const told = `The budget of ${whose} (${budgetText(budgetOf(state, account))}) is used up: ${spentText(spent)}, ${counted(spent.tokens, 'token')}. What its agents did is kept.`;
  return [
    '',
    told,
    `Have it go on with more: weft resume ${run} ${account === WHOLE_RUN ? '--budget USD' : `--task ${account} --budget USD`}`,
  ];
}

/** Tells how a command failed; resolves to its exit code. */
export function ended(output: Output, result: Result<unknown, Failure>): number {
  const failure = result.ok ? undefined : result.failure;
  const exitCode = failure?.kind === 'cancelled' ? 130 : failure?.kind === 'input' ? 2 : 1;
  output.result({ exitCode, failure });
  return exitCode;
}
