/** What stands between a task that is done and its landing: whether it needs the person's leave for what it changes, and has it. */

import type { Change } from '../../domain/changes';
import { type Failure, fail, ok, type Result } from '../../domain/failure';
import type { Answer, Ask } from '../../domain/inbox';
import { exactly } from '../../domain/inboxText';
import type { TaskId } from '../../domain/plan';
import { protectedAmong } from '../../domain/protected';
import type { TaskState } from '../../domain/taskState';
import type { Repository } from '../../repo/repository';
import { diffTrees } from '../../repo/trees';
import type { RunRecord } from '../journal/record';
import type { ActPorts } from './acts';
import { isEntry, namesGone } from './exportsGone';
import { answerFor, verdictOf } from './gate';
import { type Inbox, keyOf } from './inbox';

/** Longer files are not looked into for what they export. */
const MAX_BYTES = 1_000_000;

interface Ports {
  readonly record: RunRecord;
  readonly repo: Repository;
  readonly inbox: Inbox;
  /** Absent: nothing needs leave. */
  readonly acts: ActPorts | undefined;
}

/** Whether a task that is done may go on to its landing now; where not, it waits for the person, or has failed. */
export async function hasLeaveToLand(ports: Ports, id: TaskId): Promise<boolean> {
  const { record, acts } = ports;
  const task = record.state.tasks.get(id);
  if (acts === undefined || task?.stage.kind !== 'done' || task.work.changeset === null) return true;
  const { verdicts, protect, landingSeconds: seconds } = acts.approvals();
  const changes = await diffTrees(ports.repo, task.work.base, task.work.changeset);
  if (!changes.ok) return failed(record, task, changes.failure);
  const escalated = await escalationOf(ports.repo, task, changes.value, protect);
  if (!escalated.ok) return failed(record, task, escalated.failure);
  const { run } = record.state.start;
  const wanted: { kind: 'protected' | 'landing'; ask: Ask; key: string }[] = [];
  // Bound to what the files will be: work that is mended elsewhere need not be asked for again.
  if (escalated.value !== undefined) {
    const { changes: bound, why } = escalated.value;
    const paths = bound.map(({ path }) => path);
    wanted.push({ kind: 'protected', ask: { kind: 'protected', paths, why }, key: keyOf(run, 'protected', id, bound) });
  }
  const paths = changes.value.map(({ path }) => path);
  wanted.push({ kind: 'landing', ask: { kind: 'landing', paths }, key: keyOf(run, 'landing', id, changes.value) });
  for (const { kind, ask, key } of wanted) {
    const said = answerFor(record.state, { task: id, call: null, key }, () => false);
    switch (verdictOf(verdicts[kind], said)) {
      case 'allow':
        break;
      case 'deny':
        return failed(record, task, denial(task, ask, said));
      case 'ask':
        if (record.state.tasks.get(id)?.stage.kind === 'done') ports.inbox.hold(id, { ask, key, seconds });
        return false;
    }
  }
  return true;
}

interface Escalation {
  readonly changes: readonly Change[];
  readonly why: string;
}

/** What of a task's changes is asked for whatever else may land: what its plan says, protected files, and what others build upon. */
async function escalationOf(
  repo: Repository,
  { task }: TaskState,
  changes: readonly Change[],
  globs: readonly string[],
): Promise<Result<Escalation | undefined>> {
  if (task.askToLand === true) return ok({ changes, why: 'its plan says so' });
  const isProtected = new Set(
    protectedAmong(
      changes.map(({ path }) => path),
      globs,
    ),
  );
  const hit = changes.filter(({ path }) => isProtected.has(path));
  const gone: { change: Change; names: string[] }[] = [];
  for (const change of changes) {
    if (!isEntry(change.path) || change.before === null || isProtected.has(change.path)) continue;
    const [before, after] = [await textOf(repo, change.before), await textOf(repo, change.after)];
    if (!before.ok) return before;
    if (!after.ok) return after;
    const names = namesGone(change.path, before.value, after.value);
    if (names.length > 0) gone.push({ change, names });
  }
  if (hit.length === 0 && gone.length === 0) return ok(undefined);
  const why = [
    ...(hit.length === 0 ? [] : [hit.length === 1 ? 'it is protected' : 'they are protected']),
    ...gone.map(({ change, names }) => `${exactly(change.path)} does not export ${names.join(', ')} any more`),
  ].join('; ');
  return ok({ changes: [...hit, ...gone.map(({ change }) => change)], why });
}

/** null where there is no such file, or none that could be read as one. */
async function textOf(repo: Repository, entry: Change['after']): Promise<Result<string | null>> {
  if (entry === null || entry.mode === '120000' || entry.mode === '160000') return ok(null);
  const bytes = await repo.objects.read(entry.blob);
  if (!bytes.ok) return bytes;
  return ok(bytes.value === undefined || bytes.value.length > MAX_BYTES ? null : bytes.value.toString());
}

/** `said`: undefined where a rule denies it. */
function denial({ task }: TaskState, ask: Ask, said: Answer | undefined): Failure {
  const what = ask.kind === 'protected' ? `for it to change ${ask.paths.map(exactly).join(', ')} (${ask.why})` : 'for it to land';
  const reason = said?.kind === 'denied' && said.reason !== '' ? `: ${said.reason.replace(/[.\s]+$/, '')}` : '';
  const late = said?.kind === 'expired' ? `nobody gave leave in time ${what}` : `you gave no leave ${what}${reason}`;
  const why = said === undefined ? `the settings give no leave ${what}` : late;
  return fail(
    'denied',
    `“${task.title}” does not land: ${why}.`,
    'Its draft is kept: land it by hand if it should come in after all, or retry the task with a hint.',
  ).failure;
}

function failed(record: RunRecord, { task, work }: TaskState, failure: Failure): false {
  if (record.state.tasks.get(task.id)?.stage.kind === 'done')
    record.emit({ type: 'task.failed', task: task.id, failure, draft: work.changeset });
  return false;
}
