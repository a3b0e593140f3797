/** What was cut off by a crash is settled by whoever opens the repository next: the workspace, the chain, and then the run's journal. */
import type { Clock } from '../domain/clock';
import { fail, never, ok, type Result } from '../domain/failure';
import { isSamePart } from '../domain/part';
import type { RunState } from '../domain/run';
import { type LandingIntent, leftIntent, type RollbackIntent, strike } from '../repo/land/intent';
import { type SettledFiles, settleLanding } from '../repo/land/settle';
import type { Repository } from '../repo/repository';
import { type Continued, settleRollback } from '../repo/snapshot/settleRollback';
import type { Snapshot } from '../repo/snapshot/snapshot';
import type { Workspace } from '../repo/workspace';
import { tellLanding } from './agents/outcome';
import { lifeOf, listRuns } from './journal/library';
import { RunRecord, readState, stateAt } from './journal/record';
import { followRollback } from './landing/landing';

export interface RecoveryPorts {
  readonly repo: Repository;
  readonly workspace: Workspace;
  readonly clock: Clock;
  /** The record of a run that is open in this process, if it is: events must go through it. */
  readonly openRecord: (run: string) => RunRecord | undefined;
  /** Told what had been cut off, and what became of it: the person must know. */
  readonly onSettled?: ((settled: Settled) => void) | undefined;
}

/** What had been cut off, and what was done about it. */
export type Settled =
  | ({ readonly kind: 'landing'; readonly intent: LandingIntent } & SettledFiles)
  | ({ readonly kind: 'rollback' } & Continued);

/** Settles what was cut off in this workspace, and tells it; undefined where nothing was. Costs next to nothing then. */
export async function settleLeft(ports: RecoveryPorts, signal: AbortSignal): Promise<Result<Settled | undefined>> {
  const settled = await settleNow(ports, signal);
  if (settled.ok && settled.value !== undefined) ports.onSettled?.(settled.value);
  return settled;
}

async function settleNow(ports: RecoveryPorts, signal: AbortSignal): Promise<Result<Settled | undefined>> {
  const { repo } = ports;
  const seen = await leftIntent(repo);
  if (!seen.ok) return seen;
  if (seen.value === undefined) return ok(undefined);
  return repo.landLock(signal, async (): Promise<Result<Settled | undefined>> => {
    // Whoever held the lock until now may have been at it, and is not dead at all.
    const left = await leftIntent(repo);
    if (!left.ok) return left;
    if (left.value === undefined) return ok(undefined);
    const settled =
      left.value.kind === 'landing' ? await settleOneLanding(ports, left.value) : await settleOneRollback(ports, left.value, signal);
    if (!settled.ok) return settled;
    const struck = await strike(repo);
    return struck.ok ? settled : struck;
  });
}

async function settleOneRollback(ports: RecoveryPorts, intent: RollbackIntent, signal: AbortSignal): Promise<Result<Settled>> {
  const done = await settleRollback(ports, intent, signal);
  if (!done.ok) {
    // It must not be in the way for ever: what was there before is safe.
    const struck = done.failure.kind === 'cancelled' ? ok() : await strike(ports.repo);
    const fix = `${done.failure.fix} Nothing is lost: what was there before is snapshot ${intent.safety}.`;
    return struck.ok ? fail(done.failure.kind, `A rollback was cut off, and cannot be finished: ${done.failure.message}`, fix) : struck;
  }
  const told = done.value.outcome === 'nothing' ? ok() : tellRuns(ports, (await listRuns(ports.repo)).runs, done.value.snapshot);
  return told.ok ? ok({ kind: 'rollback', ...done.value }) : told;
}

/** Tells the runs what a rollback did to their tasks. */
export function tellRuns(ports: RecoveryPorts, runs: readonly RunState[], snapshot: Snapshot): Result<void> {
  const { repo, clock, openRecord } = ports;
  for (const { start } of runs) {
    const then = stateAt(repo.stateDir, start.run, snapshot);
    const open = openRecord(start.run);
    const record = open === undefined ? RunRecord.open(repo.stateDir, start.run, clock) : ok(open);
    if (!record.ok) return record;
    followRollback(record.value, then);
    if (open === undefined) record.value.close();
  }
  return ok();
}

async function settleOneLanding(ports: RecoveryPorts, intent: LandingIntent): Promise<Result<Settled>> {
  const files = await settleLanding(ports, intent);
  if (!files.ok) return files;
  const written = files.value.outcome === 'landed' ? writeDown(ports, intent) : ok();
  return written.ok ? ok({ kind: 'landing', intent, ...files.value }) : written;
}

/** The chain says what is in the workspace; a journal that was cut off before it could say so follows. */
function writeDown({ repo, clock, openRecord }: RecoveryPorts, intent: LandingIntent): Result<void> {
  const { run } = intent.incoming;
  const open = openRecord(run);
  if (open !== undefined) {
    follow(open, intent);
    return ok();
  }
  const state = readState(repo.stateDir, run);
  // Whoever is at work on the run, or threw its journal away, writes nothing down here.
  if (!state.ok || lifeOf(state.value) === 'running') return ok();
  const record = RunRecord.open(repo.stateDir, run, clock);
  if (!record.ok) return record;
  follow(record.value, intent);
  record.value.close();
  return ok();
}

function follow(record: RunRecord, { incoming, before, after, links }: LandingIntent): void {
  const missing = links.filter((link) => lacks(record.state, incoming, link));
  tellLanding(record, incoming, { kind: 'landed', before, after, changes: [], links: missing });
}

/** Whether a run's state does not know yet that this came into the workspace. */
function lacks(state: RunState, { intent, part }: LandingIntent['incoming'], { task, after }: LandingIntent['links'][number]): boolean {
  const found = state.tasks.get(task);
  if (found === undefined) return false;
  const { kind } = found.stage;
  const isIn = kind === 'landed' || kind === 'conflicted';
  switch (intent) {
    case 'land':
      return ['done', 'held', 'conflicted', 'failed', 'stopped', 'undone', 'doomed'].includes(kind) && found.landing?.after !== after;
    case 'undo':
      return isIn && (part === undefined || !found.parts.some((one) => one.after === after));
    case 'redo':
      return part === undefined
        ? kind === 'undone' || kind === 'conflicted'
        : isIn && found.parts.some((one) => isSamePart(one.part, part));
    default:
      return never(intent);
  }
}

/** What was settled, for the person: a sentence or two. */
export function settledText(settled: Settled): string {
  const { changed } = settled;
  const since = changed.length === 0 ? '' : ` What was changed since in ${changed.join(', ')} is kept.`;
  if (settled.kind === 'rollback') {
    const what = `rolling back to “${settled.snapshot.label}”`;
    return settled.outcome === 'nothing'
      ? `Weft was cut off before ${what} had changed any file. You can roll back again.`
      : `Weft was cut off while ${what}: it is finished now, and snapshot ${settled.safety.id} has what was there before.${since}`;
  }
  const { intent, title } = settled.intent.incoming;
  const what = `the ${intent === 'land' ? 'landing' : intent} of “${title}”`;
  const again = intent === 'land' ? 'Its draft is kept, and can be landed again.' : 'You can do it again.';
  switch (settled.outcome) {
    case 'landed':
      return `Weft was cut off at the very end of ${what}: all of it is in the workspace, and on record now.${since}`;
    case 'nothing':
      return `Weft was cut off before ${what} had changed any file. ${again}${since}`;
    case 'back':
      return `Weft was cut off in the middle of ${what}: ${settled.back.join(', ')} ${settled.back.length === 1 ? 'is' : 'are'} as before. ${again}${since}`;
    default:
      return never(settled);
  }
}
