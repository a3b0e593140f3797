/** `weft inbox` and `weft answer`: what waits for the person in this folder's runs, and their answers to it. */
import { fail, ok, type Result } from '../domain/failure';
import { type Answer, type Ask, SCOPES, type Scope } from '../domain/inbox';
import { askText, othersOf } from '../domain/inboxText';
import type { RunState } from '../domain/run';
import { type Waiting, waitingIn } from '../domain/waiting';
import { findRun, lifeOf, listRuns } from '../engine/journal/library';
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
  if (ask.kind === 'question' || ask.kind === 'decision') return ok({ kind: 'said', text: said });
  switch (said.toLowerCase()) {
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
  const rows = (await listRuns(repo)).runs.flatMap((state) => waitingIn(state).map((waiting) => ({ state, waiting })));
  for (const { state, waiting } of rows) for (const line of waitingLines(state, waiting)) output.say(line);
  if (rows.length === 0) output.say('Nothing waits for you here.');
  output.result({ exitCode: 0, waiting: rows.map(({ state, waiting }) => rowOf(state, waiting)) });
  return 0;
}

/** What waits, and how to decide it. */
function waitingLines(state: RunState, waiting: Waiting): string[] {
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
      return [
        `${run}       ${waiting.task.task.id}: in conflict`,
        `    decide it in VS Code, or: weft land ${run} ${waiting.task.task.id}`,
      ];
    case 'held':
      return [`${run}       ${waiting.task.task.id}: held`, `    land it all the same: weft land ${run} ${waiting.task.task.id}`];
  }
}

function rowOf(state: RunState, waiting: Waiting) {
  const { run } = state.start;
  if (waiting.kind !== 'item') return { run, kind: waiting.kind, task: waiting.task.task.id };
  const { id, ask, seconds, since } = waiting.item;
  return { run, kind: 'item', item: id, tasks: waiting.tasks.map(({ task }) => task.id), ask, seconds, since };
}
