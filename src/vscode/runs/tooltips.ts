/** Tooltips of the Runs tree. What agents and plans wrote is put in as text: no link or image of theirs comes alive. */

import * as vscode from 'vscode';
import { budgetText, isLimited } from '../../domain/budget';
import { budgetOf, spentBy } from '../../domain/cost';
import { counted } from '../../domain/figures';
import { exactly } from '../../domain/inboxText';
import type { RunState } from '../../domain/run';
import { isDecided, type TaskState, workedMs } from '../../domain/taskState';
import { countedUntil, summarize } from '../../engine/summary';
import type { RunView } from '../session';
import { clashesOf, liveOf, type TaskNode } from './nodes';
import { brokenText, checkText, durationText, escaped, runText, taskText, usageText } from './wording';

export function runTooltip(view: RunView, now: number): vscode.MarkdownString {
  const { session, state, life } = view;
  const summary = summarize(state, countedUntil(state, life, now));
  const text = begin(state.start.plan.goal);
  line(text, runText(state, life, now, liveOf(view)?.held));
  line(
    text,
    `${counted(summary.filesChanged, 'file')} changed, ${usageText(summary.spent)}${isLimited(budgetOf(state)) ? ` of ${budgetText(budgetOf(state))}` : ''}`,
  );
  line(text, `${state.start.model}, up to ${counted(state.limits.maxWorkers, 'agent')} at once`);
  if (summary.speedUp > 1.05) line(text, `${summary.speedUp.toFixed(1)} times as fast as one agent after the other`);
  if (life === 'interrupted')
    line(text, 'The window or process that drove it is gone. What landed stays, and its snapshot can be rolled back to.');
  if (state.stopReason === 'timeout') line(text, 'It took longer than its plan allows (limits.timeoutSeconds). What was done is kept.');
  for (const [model, by] of state.fallbacks) line(text, `${model} keeps failing, and ${by} answers in its place.`);
  for (const [key, broken] of state.breakers) line(text, brokenText(key, broken));
  const problem = liveOf(view)?.problem;
  if (problem !== undefined) line(text, `Whether the agents’ drafts fit together is not known: ${problem.message}`);
  line(text, `${session.name} · ${new Date(state.start.at).toLocaleString()} · ${state.start.run}`);
  return text;
}

export function taskTooltip({ view, task }: TaskNode, now: number): vscode.MarkdownString {
  const text = begin(task.task.title);
  line(text, taskText(task, view.state, view.life, now, liveOf(view)));
  for (const said of decisionText(task, view.state)) line(text, said);
  for (const [at, failure] of task.work.failures.entries()) line(text, `Attempt ${at + 1} failed: ${failure.message}`);
  if (task.check?.kind === 'ended') line(text, checkText(task.check));
  for (const clash of clashesOf({ view, task })) {
    const other = clash.with === null ? 'your edits' : `“${view.state.tasks.get(clash.with)?.task.title ?? clash.with}”`;
    line(text, `As both are now, it will conflict with ${other} in ${clash.files.map(exactly).join(', ')}`);
  }
  if (task.work.summary !== '') line(text, task.work.summary);
  text.appendMarkdown(`\n\n---\n\n${escaped(task.task.instructions)}`);
  const costs = costText(task, view.state);
  if (costs !== undefined) text.appendMarkdown(`\n\n---\n\n${escaped(costs)}`);
  return text;
}

function decisionText({ stage, work }: TaskState, state: RunState): string[] {
  if (stage.kind === 'failed') return [stage.failure.message, stage.failure.fix].filter((said) => said !== '');
  if (stage.kind !== 'conflicted' || isDecided(stage))
    return work.stale.map(({ path, by }) => {
      const who = by === null ? 'you' : `“${state.tasks.get(by)?.task.title ?? by}”`;
      return `${exactly(path)}: read by its agent, changed meanwhile by ${who}`;
    });
  const files = stage.conflict.files.map((file) =>
    stage.resolved.has(file.path) ? `${exactly(file.path)}: decided` : `${exactly(file.path)}: also changed by ${file.oursBy}`,
  );
  return stage.left === null ? files : [...files, stage.left.message];
}

function costText(task: TaskState, { start }: RunState): string | undefined {
  const { work } = task;
  if (work.turns === 0) return undefined;
  const took = work.endedAt > 0 ? `, ${durationText(workedMs(task, work.endedAt))}` : '';
  return `${counted(work.turns, 'turn')}, ${usageText(spentBy(start, task))}${took}`;
}

function begin(title: string): vscode.MarkdownString {
  return new vscode.MarkdownString(`**${escaped(title)}**`);
}

function line(text: vscode.MarkdownString, said: string): void {
  text.appendMarkdown(`\n\n${escaped(said)}`);
}
