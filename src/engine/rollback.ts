/** Rolling the workspace back, and telling the runs what that did to their tasks. */
import type { Clock } from '../domain/clock';
import { fail, type Result } from '../domain/failure';
import type { Repository } from '../repo/repository';
import { type RolledBack, rollBack } from '../repo/rollback';
import type { Snapshot } from '../repo/snapshot';
import type { Workspace } from '../repo/workspace';
import { followRollback } from './landing';
import { lifeOf, listRuns } from './library';
import { RunRecord, readState } from './record';

export interface RollbackPorts {
  readonly repo: Repository;
  readonly workspace: Workspace;
  readonly clock: Clock;
  /** The record of a run that is open in this process, if it is: events must go through it. */
  readonly openRecord: (run: string) => RunRecord | undefined;
}

/** Makes the workspace equal to a snapshot. Refused while a run is at work: its agents would land on top of it. */
export async function rollBackTo(snapshot: Snapshot, ports: RollbackPorts, signal: AbortSignal): Promise<Result<RolledBack>> {
  const { repo, workspace, clock, openRecord } = ports;
  const { runs } = await listRuns(repo);
  const busy = runs.find((state) => lifeOf(state) === 'running');
  if (busy !== undefined) return fail('input', `The run “${busy.start.plan.goal}” is still going on.`, 'Stop it, then roll back.');
  const done = await rollBack(repo, workspace, { snapshot, clock }, signal);
  if (!done.ok) return done;
  for (const { start } of runs) {
    const then = readState(repo.stateDir, start.run, snapshot.at);
    const open = openRecord(start.run);
    const record = open ?? RunRecord.open(repo.stateDir, start.run, clock);
    if (!(record instanceof RunRecord) && !record.ok) return record;
    const found = record instanceof RunRecord ? record : record.value;
    followRollback(found, then.ok ? then.value : undefined);
    if (open === undefined) found.close();
  }
  return done;
}
