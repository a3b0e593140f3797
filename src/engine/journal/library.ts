/** The runs of a workspace folder that there have been, whoever began them: read from their journals. */
import { statSync } from 'node:fs';
import { type Failure, fail, ok, type Result } from '../../domain/failure';
import type { RunState } from '../../domain/run';
import { isAlive } from '../../repo/process';
import type { Repository } from '../../repo/repository';
import { journalFile, listRunIds } from './journal';
import { readState } from './record';

/** Whether a run's process is at work on it, has ended it, or died over it. */
export type Life = 'running' | 'finished' | 'interrupted';

export function lifeOf(state: RunState): Life {
  if (state.phase === 'finished') return 'finished';
  const { pid, since, birth } = state.driver;
  return isAlive(pid, since, birth) ? 'running' : 'interrupted';
}

/** Reads the state of a run. */
export type StateReader = (stateDir: string, run: string) => Result<RunState>;

/** A reader that folds a journal again only when it has grown. */
export function cachedReader(): StateReader {
  const known = new Map<string, { readonly mark: string; readonly state: Result<RunState> }>();
  return (stateDir, run) => {
    const file = journalFile(stateDir, run);
    const found = statSync(file, { throwIfNoEntry: false });
    const mark = found === undefined ? '' : `${found.size} ${found.mtimeMs}`;
    const before = known.get(file);
    if (before?.mark === mark) return before.state;
    const state = readState(stateDir, run);
    known.set(file, { mark, state });
    return state;
  };
}

/** All runs of this folder, those begun last first. Journals that cannot be read are failures of their own, and hide no other run. */
export async function listRuns(
  repo: Repository,
  read: StateReader = readState,
): Promise<{ runs: RunState[]; unreadable: { readonly run: string; readonly failure: Failure }[] }> {
  const runs: RunState[] = [];
  const unreadable: { run: string; failure: Failure }[] = [];
  for (const id of await listRunIds(repo.stateDir)) {
    const state = read(repo.stateDir, id);
    if (state.ok) runs.push(state.value);
    else unreadable.push({ run: id, failure: state.failure });
  }
  // Ids count no more than seconds: of runs that began within one, they do not tell which was first.
  runs.sort((a, b) => b.start.at - a.start.at || (a.start.run < b.start.run ? 1 : -1));
  return { runs, unreadable };
}

/** A run by its id, or by any beginning of it that names only one. */
export async function findRun(repo: Repository, id: string): Promise<Result<RunState>> {
  const ids = await listRunIds(repo.stateDir);
  const matches = ids.includes(id) ? [id] : ids.filter((one) => id !== '' && one.startsWith(id));
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return readState(repo.stateDir, only);
  const why = matches.length > 1 ? `${matches.length} runs begin with “${id}”` : `There is no run “${id}” of this folder`;
  return fail('input', `${why}.`, 'Run “weft runs” for the list.');
}

/** Fails where another process is at work on a run: it would not learn of what is done to it. */
export function notElsewhere(state: RunState): Result<void> {
  if (lifeOf(state) !== 'running' || state.driver.pid === process.pid) return ok();
  return fail(
    'input',
    `Run ${state.start.run} is being worked on by another Weft (process ${state.driver.pid}).`,
    'Stop it there, or wait until it has finished.',
  );
}
