/** Rolling the workspace back, and telling the runs what that did to their tasks. */
import { fail, ok, type Result } from '../../domain/failure';
import { leftIntent, strike } from '../../repo/land/intent';
import { type RolledBack, rollBack } from '../../repo/snapshot/rollback';
import { takeRollbackBack } from '../../repo/snapshot/settleRollback';
import type { Snapshot } from '../../repo/snapshot/snapshot';
import { lifeOf, listRuns } from '../journal/library';
import { type RecoveryPorts, settleLeft, tellRuns } from '../recovery';

/** Makes the workspace equal to a snapshot. Refused while a run is at work: its agents would land on top of it. */
export async function rollBackTo(snapshot: Snapshot, ports: RecoveryPorts, signal: AbortSignal): Promise<Result<RolledBack>> {
  const { repo, workspace, clock } = ports;
  const { runs } = await listRuns(repo);
  const busy = runs.find((state) => lifeOf(state) === 'running');
  if (busy !== undefined) return fail('input', `The run “${busy.start.plan.goal}” is still going on.`, 'Stop it, then roll back.');
  const settled = await settleLeft(ports, signal);
  if (!settled.ok) return settled;
  const done = await rollBack(repo, workspace, { snapshot, clock }, signal, () => tellRuns(ports, runs, snapshot));
  if (done.ok || done.failure.kind !== 'half') return done;
  const back = await takeBack(ports, signal);
  return back.ok ? fail('file', `${done.failure.message} What it had changed is put back.`, done.failure.fix) : done;
}

/** A rollback that failed half-way is taken back where that is possible; where it is not, its safety snapshot has everything. */
function takeBack(ports: RecoveryPorts, signal: AbortSignal): Promise<Result<void>> {
  const { repo } = ports;
  return repo.landLock(signal, async () => {
    const left = await leftIntent(repo);
    if (!left.ok) return left;
    if (left.value?.kind !== 'rollback') return ok();
    const back = await takeRollbackBack(ports, left.value, signal);
    const struck = await strike(repo);
    return back.ok ? struck : back;
  });
}
