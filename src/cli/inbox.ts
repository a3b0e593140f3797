/** `weft inbox` and `weft answer`: what waits for the person in this folder's runs, and their answers to it. */
import { fail, failureText, ok, type Result } from '../domain/failure';
import { type Answer, type Ask, SCOPES, type Scope } from '../domain/inbox';
import { askText, exactly, othersOf } from '../domain/inboxText';
import type { RunState } from '../domain/run';
import type { TaskState } from '../domain/taskState';
import { type Waiting, waitingIn } from '../domain/waiting';
import { findRun, lifeOf, listRuns } from '../engine/journal/library';
import { type ConflictPaths, writeConflictFiles } from '../repo/land/conflictFiles';
import type { Repository } from '../repo/repository';
import { howToAnswer } from './howToAnswer';
import type { Values } from './options';
import { ended } from './output';
import type { CliPorts } from './run';
import { wishFor } from './steer';

export interface Answering {
  readonly run: string;
  readonly item: string;
  /** `yes`, `no`, or an answer in words; undefined: it is to be said what can be answered. */
  readonly said: string;
  readonly scope: Scope;
  readonly reason: string;
}

export function answerOf([run, item, ...words]: readonly string[], values: Values): Result<Answering> {
  if (run === undefined || item === undefined || words.length === 0)
    return fail('input', '“weft answer” needs a run, what waits there, and an answer.', 'Run “weft inbox” for all of them.');
  const scope = SCOPES.find((one) => one === (values.for ?? 'once'));
  if (scope === undefined) return fail('input', `--for ${values.for} is not known.`, `Use one of ${SCOPES.join(', ')}.`);
  return ok({ run, item, said: words.join(' '), scope, reason: values.reason ?? '' });
}

export async function answerCommand({ run, item, said, scope, reason }: Answering, ports: CliPorts): Promise<number> {
  const { output, repo } = ports;
  const state = await findRun(repo, run);
  if (!state.ok) return ended(output, state);
  const found = waitingIn(state.value).find((one) => one.kind === 'item' && one.item.id === item);
  if (found?.kind !== 'item')
    return ended(output, fail('input', `Nothing waits for an answer as ${item} in run ${state.value.start.run}.`, 'Run “weft inbox”.'));
  const answer = readAnswer(found.item.ask, { said, scope, reason });
  if (!answer.ok) return ended(output, answer);
  return wishFor(state.value, { kind: 'answer', item, answer: answer.value }, 'Answered.', ports);
}

function readAnswer(ask: Ask, { said, scope, reason }: Pick<Answering, 'said' | 'scope' | 'reason'>): Result<Answer> {
  const isSaid = ask.kind === 'question' || ask.kind === 'decision';
  const word = said.toLowerCase();
  const isYes = !isSaid && (word === 'yes' || word === 'y');
  const isNo = !isSaid && (word === 'no' || word === 'n');
  if (reason !== '' && (isSaid || isYes)) return fail('input', '--reason is for a no.', 'Leave it out: nobody would be told.');
  if (scope !== 'once' && (isSaid || isNo))
    return fail('input', `--for ${scope} is for a yes.`, 'Leave it out: this answers what was asked, and no more.');
  if (isSaid) return ok({ kind: 'said', text: said });
  switch (word) {
    case 'yes':
    case 'y':
      return ok({ kind: 'approved', scope });
    case 'no':
    case 'n':
      return ok({ kind: 'denied', reason });
    default:
      return fail(
        'input',
        `“${said}” is neither yes nor no.`,
        'Answer yes, with --for run for all that is equal, or no, with --reason TEXT.',
      );
  }
}

export async function inboxCommand({ repo, output }: CliPorts): Promise<number> {
  const rows: Row[] = [];
  for (const state of (await listRuns(repo)).runs)
    for (const waiting of waitingIn(state)) {
      const files = await filesToMerge(repo, state, waiting);
      if (!files.ok) output.warn(failureText(files.failure));
      rows.push({ state, waiting, files: files.ok ? files.value : [] });
    }
  for (const row of rows) for (const line of waitingLines(row)) output.say(line);
  if (rows.length === 0) output.say('Nothing waits for you here.');
  output.result({ exitCode: 0, waiting: rows.map(rowOf) });
  return 0;
}

interface Row {
  readonly state: RunState;
  readonly waiting: Waiting;
  /** Those of a conflict that can be decided here. */
  readonly files: readonly ConflictPaths[];
}

/** What the person has merged of them by now is kept. Where a process goes on with the run, it has its own way to have them merged. */
async function filesToMerge(repo: Repository, state: RunState, waiting: Waiting): Promise<Result<readonly ConflictPaths[]>> {
  if (waiting.kind !== 'conflict' || waiting.task.stage.kind !== 'conflicted' || lifeOf(state) === 'running') return ok([]);
  const { id, title } = waiting.task.task;
  return writeConflictFiles(repo, { run: state.start.run, task: id, title, keep: true }, waiting.task.stage.conflict);
}

/** What waits, and how to decide it. */
function waitingLines({ state, waiting, files }: Row): string[] {
  const { run } = state.start;
  switch (waiting.kind) {
    case 'item': {
      const { item, tasks } = waiting;
      const who = tasks.length === 0 ? '' : `${tasks.map(({ task }) => task.id).join(', ')}: `;
      const how = lifeOf(state) === 'interrupted' ? [`    once it goes on: weft resume ${run}`] : [];
      const others = othersOf(item.ask).map((path) => `    also ${path}`);
      return [
        `${run}  ${item.id.padStart(3)}  ${who}${askText(item.ask)}`,
        ...others,
        ...how,
        `    ${howToAnswer(run, item.id, item.ask)}`,
      ];
    }
    case 'conflict':
      return conflictRows(run, waiting.task, files);
    case 'held':
      return [
        `${run}       ${waiting.task.task.id}: held`,
        `    land it all the same: weft land ${run} ${waiting.task.task.id}`,
        `    or throw it away: weft discard ${run} ${waiting.task.task.id}`,
      ];
  }
}

function conflictRows(run: string, { task: { id }, stage }: TaskState, files: readonly ConflictPaths[]): string[] {
  const { intent, files: parts } = stage.kind === 'conflicted' ? stage.conflict : { intent: 'land' as const, files: [] };
  const what = intent === 'land' ? 'in conflict' : `its ${intent} is in conflict`;
  const merge =
    files.length === 0
      ? ['    decide it in VS Code']
      : [
          `    decide it in VS Code, or merge these files, then: weft land ${run} ${id}`,
          ...files.map(({ result }) => `      ${exactly(result)}`),
        ];
  const other =
    intent === 'land'
      ? `have an agent decide it: weft arbitrate ${run} ${id}`
      : `leave all as it is: weft ${intent} ${run} ${id} --call-off`;
  return [`${run}       ${id}: ${what} over ${parts.map(({ path }) => exactly(path)).join(', ')}`, ...merge, `    or ${other}`];
}

function rowOf({ state, waiting, files }: Row) {
  const { run } = state.start;
  if (waiting.kind === 'conflict') return { run, kind: waiting.kind, task: waiting.task.task.id, files };
  if (waiting.kind === 'held') return { run, kind: waiting.kind, task: waiting.task.task.id };
  const { id, ask, seconds, since } = waiting.item;
  return { run, kind: 'item', item: id, tasks: waiting.tasks.map(({ task }) => task.id), ask, seconds, since };
}
