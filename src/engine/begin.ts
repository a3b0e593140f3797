/** Beginning a run: its snapshot first, then its chain and its record. */
import { isLimited } from '../domain/budget';
import { JOURNAL_VERSION } from '../domain/event';
import { fail, ok, type Result } from '../domain/failure';
import { problemsText, roleProblems } from '../domain/plan';
import type { Rework } from '../domain/taskState';
import { headOf } from '../repo/history/export';
import { beginChain } from '../repo/land/land';
import { birthFact } from '../repo/process';
import type { Repository } from '../repo/repository';
import { rootText } from '../repo/root';
import { takeSnapshot } from '../repo/snapshot/snapshot';
import { RunRecord, readState } from './journal/record';
import { keepDraft } from './landing/landing';
import { type Project, projectFacts } from './project/project';
import { LiveRun } from './run';
import type { RunPorts, RunRequest } from './runRequest';
import { pastEstimates } from './schedule/estimates';
import { beginArbitration } from './steering/arbitrated';
import { beginAgain, type Retry } from './steering/kept';

/** Takes the snapshot, then begins the run's record; fails, and starts nothing, where either is not possible. */
export async function beginRun(request: RunRequest, ports: RunPorts, signal: AbortSignal): Promise<Result<LiveRun>> {
  const { repo, workspace, clock } = ports;
  const estimates = await pastEstimates(repo.stateDir, ports.read ?? readState);
  const run = clock.id();
  const snapshot = await takeSnapshot(repo, workspace, { label: `Before: ${request.plan.goal}`, cause: 'run', clock }, signal);
  if (!snapshot.ok) return snapshot;
  // What an earlier run kept from its agents, whoever goes on with their work is not told either.
  const lessons = request.retry?.lessons === false ? false : request.lessons;
  const project = await ports.project?.(snapshot.value.commit, lessons);
  if (project?.ok === false) return project;
  // An arbiter's role is not for plans, and its one task is of no plan.
  const isArbitration = request.retry?.conflict !== undefined;
  const known = project === undefined || isArbitration ? ok() : checkRoles(request.plan, project.value);
  if (!known.ok) return known;
  const head = await headOf(repo);
  if (!head.ok) return head;
  const chained = await beginChain(repo, run, snapshot.value.commit);
  if (!chained.ok) return chained;
  const again = await againIn(repo, run, snapshot.value.commit, request.retry);
  if (!again.ok) return again;
  const record = RunRecord.begin(
    repo.stateDir,
    {
      type: 'run.started',
      version: JOURNAL_VERSION,
      run,
      root: rootText(repo.root),
      plan: request.plan,
      model: request.model,
      maxWorkers: request.limits.maxWorkers,
      pools: request.limits.pools ?? {},
      snapshot: snapshot.value.id,
      commit: snapshot.value.commit,
      ...(head.value === undefined ? {} : { head: head.value }),
      pid: process.pid,
      ...birthFact(process.pid),
      ...(request.onStale === undefined ? {} : { onStale: request.onStale }),
      ...(request.conflicts === undefined ? {} : { conflicts: request.conflicts.by, priority: [...request.conflicts.priority] }),
      ...(request.include === undefined || request.include.length === 0 ? {} : { include: [...request.include] }),
      ...(ports.reuse === undefined ? {} : { reuse: true }),
      ...(lessons === undefined ? {} : { lessons }),
      planning: request.planning,
      ...(request.cap === undefined || !isLimited(request.cap) ? {} : { budget: request.cap }),
      ...(Object.keys(ports.budget?.prices ?? {}).length === 0 ? {} : { prices: ports.budget?.prices }),
      ...(project === undefined ? {} : projectFacts(project.value, request.model)),
      ...arbitratesFact(request.retry),
      ...(request.attempts === undefined ? {} : { attempts: request.attempts }),
      ...(snapshot.value.tooLarge === null ? {} : { tooLarge: snapshot.value.tooLarge }),
    },
    clock,
  );
  if (!record.ok) return record;
  const live = new LiveRun(record.value, { ...request, estimates, project: project?.value }, ports);
  if (request.retry !== undefined && again.value !== undefined)
    record.value.emit({ type: 'task.again', task: request.retry.task, next: again.value });
  return ok(live);
}

/** A role may have gone since the plan was read. */
function checkRoles(plan: RunRequest['plan'], { roles }: Project): Result<void> {
  const problems = roleProblems(plan, roles);
  return problems.length === 0
    ? ok()
    : fail('input', `The plan cannot run in this workspace: ${problemsText(problems)}.`, 'Mend it and run it again; nothing was started.');
}

/** Whose conflict it decides, so that whoever reads of the run later finds the way back. */
function arbitratesFact(retry: Retry | undefined) {
  const conflict = retry?.conflict;
  return conflict === undefined ? {} : { arbitrates: { run: conflict.state.start.run, task: conflict.task.task.id } };
}

/** What a run begins with that goes on with a task of an earlier one. */
async function againIn(repo: Repository, run: string, base: string, retry: Retry | undefined): Promise<Result<Rework | undefined>> {
  if (retry === undefined) return ok(undefined);
  const keep = (draft: string) => keepDraft(repo, run, retry.task, draft);
  return retry.conflict === undefined ? beginAgain(repo, base, retry, keep) : beginArbitration(repo, base, retry.conflict, keep);
}
