/** A conflict in words for the person: what each side is for, and what its check said. Pure. */
import { exactly } from '../../domain/inboxText';
import type { TaskId } from '../../domain/plan';
import type { RunState } from '../../domain/run';
import type { TaskState } from '../../domain/taskState';
import { roleOf } from '../schedule/ranking';
import { verdictText } from './check';

/** Who is on the side of the workspace, those that changed it last first; null: the person. */
export function othersOf({ stage }: TaskState): (TaskId | null)[] {
  if (stage.kind !== 'conflicted') return [];
  return [...new Set(stage.conflict.files.flatMap(({ authors = [null] }) => (authors.length === 0 ? [null] : authors)))];
}

/** Lines of plain text; what agents wrote is indented. */
export function conflictCard({ start, tasks }: RunState, task: TaskState): string[] {
  const { stage } = task;
  if (stage.kind !== 'conflicted') return [`“${task.task.title}” is in no conflict any more.`];
  const { conflict, resolved, left } = stage;
  const files = conflict.files.map(
    ({ path, oursBy }) => `  ${exactly(path)}${resolved.has(path) ? ', decided' : `, also changed by ${who(oursBy)}`}`,
  );
  const others = othersOf(task).flatMap((id) => {
    const other = id === null ? undefined : tasks.get(id);
    return ['', ...(other === undefined ? ['In the workspace: your own edits'] : ['In the workspace:', ...sideLines(other)])];
  });
  return [
    `Conflict of “${task.task.title}”`,
    `Goal: ${start.plan.goal}`,
    ...files,
    ...(left === null ? [] : ['', 'Left to you:', ...quoted(left.message)]),
    '',
    INCOMING[conflict.intent],
    ...sideLines(task),
    ...others,
  ];
}

const INCOMING = { land: 'To land:', undo: 'To be undone:', redo: 'To be brought back:' } as const;

function sideLines(side: TaskState): string[] {
  const { task, work, check } = side;
  return [
    `“${task.title}” (${roleOf(side)}, ${task.id})`,
    '  It was told:',
    ...quoted(task.instructions),
    ...(work.summary === '' ? [] : ['  Its agent says:', ...quoted(work.summary)]),
    `  Its check: ${checkText(check)}`,
  ];
}

function checkText(check: TaskState['check']): string {
  if (check === null) return 'none has run';
  if (check.kind === 'running') return 'it goes on';
  return check.ok ? `“${check.command}” is green` : verdictText(check);
}

function who(oursBy: string): string {
  return oursBy === 'Your edits' ? 'you' : `“${oursBy}”`;
}

function quoted(text: string): string[] {
  return text.split('\n').map((row) => `    ${row}`);
}
