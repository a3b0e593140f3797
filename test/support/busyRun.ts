/** A run in which nearly all happens that can happen to one, and a person who does in it what the journal says is due: the same however often it is killed. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import { systemClock } from '../../src/domain/clock';
import type { RunEvent } from '../../src/domain/event';
import type { Item } from '../../src/domain/inbox';
import { openItems } from '../../src/domain/reduceInbox';
import { type RunState, reduce } from '../../src/domain/run';
import { isOver } from '../../src/domain/taskState';
import { tellWish, type Wish } from '../../src/engine/steering/wishes';
import type { ModelFetch } from '../../src/model/fetch';
import { errorResponse } from '../../src/model/messages';
import { scenarioSchema, type Turn } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { NEVER } from './result';
import { planText } from './weft';

const call = (tool: string, input: unknown): Turn => ({ calls: [{ tool, input }] });
const write = (path: string, content: string) => call('write_file', { path, content });
const finish = call('finish', { summary: 'Done.' });
const ask = (question: string) => call('ask', { question, options: ['This', 'That'] });
const refusal: Turn = { say: 'I will not.', stop: 'refusal' };

/** Those that fail one after the other, with a model that refuses everything. */
const REFUSED = ['b1', 'b2', 'b3', 'b4', 'b5'];

const TASKS: Readonly<Record<string, readonly Turn[]>> = {
  same: [write('same.txt', 'same\n'), finish],
  // What the one has read is changed by the other before it is done.
  reader: [
    call('read_file', { path: 'c.txt' }),
    ask('reader'),
    write('r.txt', 'r\n'),
    finish,
    call('read_file', { path: 'c.txt' }),
    finish,
  ],
  writer: [ask('writer'), write('c.txt', 'changed\n'), finish],
  // Both contradict each other: an arbiter decides the first pair, and leaves the second one to the person.
  left: [write('b.txt', 'left\n'), finish],
  right: [write('b.txt', 'right\n'), finish],
  ...Object.fromEntries(['left.1', 'right.1'].map((id) => [id, [write('b.txt', 'both\n'), finish]])),
  here: [write('d.txt', 'here\n'), finish],
  there: [write('d.txt', 'there\n'), finish],
  ...Object.fromEntries(['here.1', 'there.1'].map((id) => [id, [call('leave_open', { why: 'Both want it.' })]])),
  flaky: [write('f.txt', 'f\n'), finish],
  hopeless: [write('h.txt', 'h\n'), finish],
  switcher: [write('s.txt', 's\n'), finish],
  gate: [ask('gate'), finish],
  shaky: [write('y.txt', 'y\n'), finish],
  // Its first turn leaves it too little for another one.
  costly: [{ say: 'word '.repeat(14_000), ...write('k.txt', 'k\n') }, write('l.txt', 'l\n'), finish],
  'race.1': [write('race.txt', 'bad\n'), finish],
  'race.2': [ask('race'), write('race.txt', 'good\n'), finish],
  extra: [write('e.txt', 'e\n'), finish],
  endless: [ask('endless'), finish],
};

export const SAME = planText({ id: 'same' });
export const PLAN = planText(
  { id: 'same' },
  { id: 'reader' },
  { id: 'writer' },
  ...['left', 'right', 'here', 'there'].map((id) => ({ id })),
  { id: 'flaky', attempts: 2 },
  { id: 'hopeless', attempts: 1 },
  // That one is done again has what kept failing tried again: these fail after it.
  ...REFUSED.map((id) => ({ id, dependsOn: ['hopeless'], model: 'refusing', attempts: 1 })),
  { id: 'gate' },
  { id: 'switcher', dependsOn: ['gate'], model: 'refusing', attempts: 1, fallback: [{ model: 'claude-test' }] },
  { id: 'shaky', model: 'broken' },
  { id: 'costly', budgetTokens: 22_000 },
  { id: 'race', candidates: 2, check: 'grep -q good race.txt' },
  { id: 'endless' },
);
export const ARGUMENTS = [
  '--model',
  'claude-test',
  '--fallback-model',
  'spare',
  '--conflicts',
  'arbiter',
  '--on-stale',
  'rework',
  '--max-workers',
  '8',
];
export const FILES = { 'b.txt': 'one\n', 'c.txt': 'one\n', 'd.txt': 'one\n' };

/** What the folder has at its end, but for who came first of those between whom nobody decided. */
export const AFTER = {
  ...Object.fromEntries(['e', 'f', 'h', 'k', 'l', 'r', 's', 'y'].map((one) => [`${one}.txt`, `file ${one}\n`])),
  'same.txt': 'file same\n',
  'b.txt': 'file both\n',
  'c.txt': 'file changed\n',
  'race.txt': 'file good\n',
};
export const LANDED = [
  'costly',
  'extra',
  'flaky',
  'gate',
  'hopeless',
  'race',
  'reader',
  'same',
  'shaky',
  'switcher',
  'writer',
  'left',
  'right',
];
export const FAILED = REFUSED;

const asked = z.looseObject({ model: z.string() });

/** `journal`: what has happened so far: it decides, so that a run that was killed finds the same model. */
export function busyModel(journal: () => readonly RunEvent[]): ModelFetch {
  const playing = (tasks: typeof TASKS) => scriptedModel(scenarioSchema.parse({ tasks }), { paceMs: 0, wait: async () => undefined });
  return async (request) => {
    const text = await request.clone().text();
    const { model } = asked.parse(JSON.parse(text));
    if (model === 'broken') return errorResponse(500, 'api_error', 'It broke.', { 'retry-after-ms': '1' });
    const tasks = { ...TASKS };
    if (model === 'refusing') for (const id of [...REFUSED, 'switcher']) tasks[id] = [refusal];
    const has = (type: RunEvent['type'], task: string) =>
      journal().some((event) => event.type === type && 'task' in event && event.task === task);
    if (!has('task.retrying', 'flaky')) tasks['flaky'] = [refusal];
    if (!has('task.again', 'hopeless')) tasks['hopeless'] = [refusal];
    return playing(tasks)(request);
  };
}

/** What the person has to do by now; undefined: to wait. */
function dueIn(journal: readonly RunEvent[], state: RunState): Wish | undefined {
  const has = (type: RunEvent['type']) => journal.some((event) => event.type === type);
  const kindOf = (id: string) => state.tasks.get(id)?.stage.kind;
  const isIn = (id: string) => kindOf(id) === 'landed';
  if (state.phase === 'paused') return { kind: 'continue' };
  if (state.phase !== 'running') return undefined;
  if (!has('run.paused') && isIn('same')) return { kind: 'pause' };
  if (!state.tasks.has('extra')) return { kind: 'add', task: { id: 'extra', title: 'Extra', instructions: 'Do it.', dependsOn: [] } };
  // Its process may have gone before it was parked.
  if (kindOf('costly') === 'waiting' && state.standings.get('costly')?.is === 'gone') return { kind: 'budget', task: 'costly', budget: {} };
  if (kindOf('hopeless') === 'failed') return { kind: 'retry', task: 'hopeless', fresh: false, hint: 'Try it now.' };
  /** What is answered when: else at once. */
  const when: Readonly<Record<string, () => boolean>> = {
    writer: () => openItems(state).some((item) => questionOf(item) === 'reader'),
    reader: () => isIn('writer'),
    race: () => has('task.passedOver'),
    gate: () => REFUSED.every((id) => kindOf(id) === 'failed'),
    endless: () => false,
  };
  for (const item of openItems(state)) {
    const { ask } = item;
    if ((ask.kind === 'question' || ask.kind === 'decision') && (when[questionOf(item)]?.() ?? true))
      return { kind: 'answer', item: item.id, answer: { kind: 'said', text: ask.options[0] ?? '' } };
  }
  const isLeft = ({ task, stage }: { task: { id: string }; stage: { kind: string; left?: unknown } }) =>
    task.id === 'endless' || (stage.kind === 'conflicted' && stage.left !== null);
  const rest = [...state.tasks.values()].filter((one) => !isOver(one.stage) && !isLeft(one));
  return rest.length === 0 && kindOf('endless') === 'asking' ? { kind: 'stop' } : undefined;
}

function questionOf({ ask }: Item): string {
  return ask.kind === 'question' ? ask.question : '';
}

/** Does what is due whenever the process that drives the run has told something; resolves when that has ended. */
export async function attend(
  child: ChildProcessWithoutNullStreams,
  stateDir: () => string,
  journal: () => readonly RunEvent[],
): Promise<void> {
  const look = async () => {
    for (let isNews = true; isNews; ) {
      const events = journal();
      const state = events.reduce<RunState | undefined>(reduce, undefined);
      // Before this process has taken the run over nobody is there to be told.
      const wish = state === undefined || state.driver.pid !== child.pid ? undefined : dueIn(events, state);
      if (state === undefined || wish === undefined) return;
      // It may be killed for it, or end meanwhile; and what was due may be so no more.
      isNews = (await tellWish(stateDir(), state, wish, { clock: systemClock, signal: NEVER })).ok;
    }
  };
  let looking: Promise<void> = Promise.resolve();
  child.stdout.on('data', () => {
    looking = looking.then(look);
  });
  await once(child, 'close');
  await looking;
}
