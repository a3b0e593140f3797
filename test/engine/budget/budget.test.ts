/** Budgets of runs: real agents, a scripted model behind the whole pipeline, counted in tokens as prompt caching counts. */
import assert from 'node:assert/strict';
import { budgetOf, spentIn } from '../../../src/domain/cost';
import type { RunEvent } from '../../../src/domain/event';
import { openItems } from '../../../src/domain/reduceInbox';
import type { ModelFetch } from '../../../src/model/fetch';
import { type RunModel, runModel } from '../../../src/model/runModel';
import { scenarioSchema, type Turn } from '../../../src/model/scenario';
import { scriptedModel } from '../../../src/model/scripted';
import { SharedModels } from '../../../src/model/sharedModels';
import { systemTime } from '../../../src/model/time';
import { countingClock } from '../../support/clock';
import { failed, valued } from '../../support/result';
import { leave, type Rig, resumedRig, rig } from '../../support/run';
import { folderState } from '../../support/sandbox';

/** A turn that writes that file. */
const write = (path: string): Turn => ({ calls: [{ tool: 'write_file', input: { path, content: `${path}\n` } }] });
const finish: Turn = { calls: [{ tool: 'finish', input: { summary: 'All of it.' } }] };
const LETTERS = [...'abcdefghijklmnopqrstuvwx'];
const TURNS = [...LETTERS.map((letter) => write(`${letter}.txt`)), finish];
const ALL = Object.fromEntries(
  ['x', ...LETTERS.map((letter) => `${letter}.txt`)].map((path) => [path, `file ${path === 'x' ? 'x' : `${path}\n`}`]),
);

interface Asked extends RunModel {
  /** What was sent: of which task, and how much its answer might be. */
  readonly sent: { readonly task: string | null; readonly max: number }[];
}

function asking(tasks: Readonly<Record<string, readonly Turn[]>>, prices = {}): Asked {
  const scripted = scriptedModel(scenarioSchema.parse({ tasks }), { paceMs: 0, wait: async () => undefined });
  const sent: Asked['sent'] = [];
  const source: ModelFetch = async (request) => {
    const { max_tokens: max } = (await request.clone().json()) as { max_tokens: number };
    sent.push({ task: request.headers.get('x-weft-task'), max });
    return scripted(request);
  };
  return { ...runModel({ source, door: 'x', shared: new SharedModels(systemTime), prices, fallbacks: [], record: undefined }), sent };
}

/** Resolves when the run waits for the person alone. */
function parked(box: Rig, ...tasks: string[]): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (tasks.some((id) => box.run.record.state.tasks.get(id)?.work.parked == null)) return;
      unlisten();
      resolve();
    };
    const unlisten = box.run.record.listen(look);
    look();
  });
}

function seen(box: Rig): RunEvent[] {
  const events: RunEvent[] = [];
  box.run.record.listen((event) => events.push(event));
  return events;
}

describe('the budget of a run', () => {
  it('lets its agent wrap up when it is used up, starts nothing new, and goes on in mid-conversation when it is raised', async () => {
    const model = asking({ a: TURNS, b: [write('late.txt'), finish] });
    const box = await rig({ x: 'x' }, { a: [], b: ['a'] }, { asking: model, cap: { tokens: 60_000 } });
    const events = seen(box);
    await parked(box, 'a');
    const { work, stage } = box.run.record.state.tasks.get('a') ?? assert.fail();
    assert.deepEqual([stage.kind, box.stages()['b']], ['waiting', 'waiting']);
    assert.match(work.parked?.message ?? '', /^The budget of the run \(60,000 tokens\) is used up: [\d,]+ tokens of it spent/);
    assert.ok(work.changeset !== null);
    assert.deepEqual(folderState(box.root), { x: 'file x' });
    // Its last turn was one to wrap up, and nothing was spent beyond the budget.
    assert.equal(model.sent.at(-1)?.max, 1500);
    assert.ok(spentIn(box.run.record.state).tokens <= 60_000);
    const before = model.sent.length;
    assert.match(failed(box.run.controls.raise('', { tokens: 10 })).message, /is spent already/);
    valued(box.run.controls.raise('', { tokens: 1_000_000 }));
    assert.deepEqual(openItems(box.run.record.state), []);
    valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'landed', b: 'landed' });
    assert.deepEqual(folderState(box.root), { ...ALL, 'late.txt': 'file late.txt\n' });
    // Each turn of a was asked for once, the one to wrap up among them.
    assert.equal(model.sent.filter(({ task }) => task === 'a').length, TURNS.length);
    assert.ok(before > 2 && before < TURNS.length);
    const told = events.filter(({ type }) => type.startsWith('run.') || type === 'task.parked').map(({ type }) => type);
    assert.deepEqual(told, ['run.outOfBudget', 'task.parked', 'run.budgeted', 'run.finished']);
  });

  it('waits in the inbox, once, where the answer raises it', async () => {
    const model = asking({ a: TURNS });
    const box = await rig({ x: 'x' }, { a: [] }, { asking: model, cap: { tokens: 50_000 } });
    const open = () => openItems(box.run.record.state).map(({ id, ask }) => ({ id, ...ask }));
    await parked(box, 'a');
    const [first] = open();
    assert.deepEqual(first?.kind === 'decision' && [first.title, first.options], [
      'The budget of the run (50,000 tokens) is used up',
      ['Raise it to 100,000 tokens', 'Leave it as it is'],
    ]);
    assert.equal(open().length, 1);
    valued(box.run.controls.answer(first?.id ?? '', { kind: 'said', text: 'Raise it to 100,000 tokens' }));
    assert.deepEqual(budgetOf(box.run.record.state), { tokens: 100_000 });
    assert.deepEqual(open(), []);
    valued(box.run.controls.raise('', {}));
    valued(await box.ended);
    assert.deepEqual(folderState(box.root), ALL);
  });

  it('is told of once at four fifths, and holds in dollars, by prices that are set', async () => {
    const long = TURNS;
    const free = await rig({ x: 'x' }, { a: [] }, { asking: asking({ a: long }) });
    const { input, cacheRead, cacheWrite } = valued(await free.ended).tasks.get('a')?.work.usage ?? assert.fail();
    // A dollar for a thousand tokens in.
    const spent = (input + cacheRead + cacheWrite) / 1000;
    const prices = { 'scripted:x': { input: 1000, cacheRead: 1000, cacheWrite: 1000, output: 0 } };
    const box = await rig({ x: 'x' }, { a: [] }, { asking: asking({ a: long }, prices), cap: { usd: spent * 1.2 } });
    const events = seen(box);
    const state = valued(await box.ended);
    assert.deepEqual(box.stages(), { a: 'landed' });
    assert.ok(Math.abs(spentIn(state).usd - spent) < 1e-6);
    const told = events.flatMap((event) => (event.type === 'run.nearBudget' || event.type === 'run.outOfBudget' ? [event] : []));
    assert.deepEqual(
      told.map(({ type }) => type),
      ['run.nearBudget'],
    );
    assert.ok((told[0]?.spent.usd ?? 0) >= spent * 1.2 * 0.8);
  });

  it('is left, where nobody waits for it, for whoever takes the run over with more', async () => {
    const first = asking({ a: TURNS });
    const box = await rig({ x: 'x' }, { a: [] }, { asking: first, cap: { tokens: 60_000 }, limits: { undecided: 'leave' } });
    const state = valued(await box.ended);
    assert.equal(state.phase, 'running');
    await leave(box);
    const spent = spentIn(state).tokens;
    const again = { run: box.run.id, undecided: 'leave' as const, paused: 'stay' as const };
    const clock = () => countingClock(Date.now() + 1_000_000);
    const poor = asking({ a: TURNS });
    const same = await resumedRig(box, again, { asking: poor, clock: clock() });
    assert.equal(valued(await same.ended).phase, 'running');
    assert.deepEqual(poor.sent, []);
    await leave(same);
    const rich = asking({ a: TURNS });
    const richer = await resumedRig(box, { ...again, cap: { tokens: 1_000_000 } }, { asking: rich, clock: clock() });
    // What was spent before is spent.
    assert.equal(rich.budget.accounts.state(box.run.id)?.spent.tokens, spent);
    const ended = valued(await richer.ended);
    assert.deepEqual(folderState(box.root), ALL);
    assert.equal(first.sent.length + rich.sent.length, TURNS.length);
    assert.equal(ended.tasks.get('a')?.work.turns, TURNS.length);
    assert.equal(rich.budget.accounts.state(box.run.id)?.spent.tokens, spentIn(ended).tokens);
  });

  it('has the same spent after a restart as before, where a role has a model of its own', async () => {
    const price = (dollars: number) => ({ input: dollars, cacheRead: dollars, cacheWrite: dollars, output: dollars });
    const prices = { 'scripted:x': price(1), dear: price(50) };
    const files = { x: 'x', '.weft/agents/careful.md': '---\ndescription: Careful.\nmodel: dear\n---\nBe careful.\n' };
    const first = asking({ a: TURNS }, prices);
    const options = { project: true, fields: { a: { role: 'careful' } }, cap: { tokens: 60_000, usd: 1000 } };
    const box = await rig(files, { a: [] }, { ...options, asking: first, limits: { undecided: 'leave' } });
    valued(await box.ended);
    const { spent } = first.budget.accounts.state(box.run.id) ?? assert.fail();
    assert.ok(spent.usd > 50 * 1e-6 * 10_000, `${spent.usd}`);
    await leave(box);
    const second = asking({ a: TURNS }, prices);
    const again = { run: box.run.id, undecided: 'leave' as const, paused: 'stay' as const };
    const taken = await resumedRig(box, again, { asking: second, project: true, clock: countingClock(Date.now() + 1_000_000) });
    valued(await taken.ended);
    const after = second.budget.accounts.state(box.run.id)?.spent ?? assert.fail();
    assert.deepEqual([after.tokens, after.usd.toFixed(6)], [spent.tokens, spent.usd.toFixed(6)]);
  });
});

describe('the budget of a task', () => {
  it('stops that one alone, and is shared with its children', async () => {
    const children = ['one', 'two'].map((name) => ({ name, title: `Part ${name}`, instructions: `Write ${name}.` }));
    const spawn: Turn = { calls: [{ tool: 'spawn', input: { parts: children } }] };
    const model = asking({ a: [spawn, finish], 'a.1': [write('one.txt'), finish], 'a.2': TURNS, b: [write('b.txt'), finish] });
    const box = await rig({ x: 'x' }, { a: [], b: [] }, { asking: model, fields: { a: { budgetTokens: 180_000 } } });
    await box.reaches('b', 'landed');
    await parked(box, 'a.2');
    await box.reaches('a.1', 'joined');
    const { tasks } = box.run.record.state;
    const shares = ['a.1', 'a.2'].map((id) => tasks.get(id)?.task.budgetTokens ?? 0);
    assert.ok(shares[0] === shares[1] && (shares[0] ?? 0) < 60_000 && (shares[0] ?? 0) > 50_000, String(shares));
    assert.match(tasks.get('a.2')?.work.parked?.message ?? '', /^The budget of “Part two” /);
    assert.deepEqual([box.stages()['a'], box.run.record.state.standings.get('')], ['awaiting', undefined]);
    valued(box.run.controls.raise('a.2', { tokens: 200_000 }));
    valued(await box.ended);
    assert.deepEqual([box.stages()['a'], box.stages()['b']], ['landed', 'landed']);
    assert.deepEqual(folderState(box.root), { ...ALL, 'one.txt': 'file one.txt\n', 'b.txt': 'file b.txt\n' });
  });
});
