/** What stands between a task that is done and its landing, or its check: whether what its agent went by still holds. */
import type { Failure } from '../../domain/failure';
import type { TaskId } from '../../domain/plan';
import { DEFAULT_ON_STALE, type OnStale } from '../../domain/settings';
import type { RunRecord } from '../journal/record';
import { type RecoveryPorts, settleLeft } from '../recovery';
import { landPortsOf } from './landing';
import { judgePremise } from './stale';

export interface PremisePorts extends Omit<RecoveryPorts, 'openRecord'> {
  readonly record: RunRecord;
  readonly onStale: OnStale | undefined;
}

/** Whether a task may go on to its landing; where its premise is stale, it may have to wait, or gone back to its agent. */
export async function premiseHolds(ports: PremisePorts, id: TaskId, signal: AbortSignal): Promise<boolean> {
  const { record, onStale = DEFAULT_ON_STALE } = ports;
  await settleOthers(ports, signal);
  const premise = await judgePremise(record, landPortsOf(record, ports), id, { onStale, signal });
  if (!premise.ok) failLanding(record, id, premise.failure);
  else if (premise.value.kind === 'rework') record.emit({ type: 'task.reworked', task: id, why: 'stale', next: premise.value.rework });
  return premise.ok && premise.value.kind === 'land';
}

/** What another process left half-done is made whole first; where that is not possible, the landing says so itself. */
async function settleOthers({ record, repo, workspace, clock, onSettled }: PremisePorts, signal: AbortSignal): Promise<void> {
  const openRecord = (run: string) => (run === record.state.start.run ? record : undefined);
  await settleLeft({ repo, workspace, clock, openRecord, onSettled }, signal);
}

/** What could not even be looked at lands as little as what could not be written. */
function failLanding(record: RunRecord, task: TaskId, failure: Failure): void {
  const draft = record.state.tasks.get(task)?.work.changeset ?? null;
  if (failure.kind === 'cancelled') record.emit({ type: 'task.stopped', task, draft });
  else record.emit({ type: 'task.failed', task, failure, draft });
}
