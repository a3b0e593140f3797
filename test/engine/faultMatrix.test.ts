/** Every fault that a model or its server may have × everybody who asks a model: nothing is lost, and the message helps. */
import assert from 'node:assert/strict';
import { failureText } from '../../src/domain/failure';
import { planSchema } from '../../src/domain/plan';
import { DEFAULT_CONFLICT_PRIORITY } from '../../src/domain/settings';
import type { Turn } from '../../src/model/scenario';
import { groundOf } from '../../src/plan/ground';
import { makePlan } from '../../src/plan/planner';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { faultyActors, type Trouble } from '../support/faultyActors';
import { cut, errorEvent, refusal, reset, silence } from '../support/faultyServer';
import { NEVER, valued } from '../support/result';
import { type Rig, rig } from '../support/run';
import { folderState, sandbox, treeState } from '../support/sandbox';

const write = (path: string, content: string): Turn => ({ calls: [{ tool: 'write_file', input: { path, content } }] });
const finish = (summary: string): Turn => ({ calls: [{ tool: 'finish', input: { summary } }] });
const PLAN = { goal: 'Greet', tasks: [{ id: 'one', title: 'One', instructions: 'Do it.', role: 'coder', reason: 'It is code.' }] };
/** `b` begins beside `a`, which has landed by the time that `b` goes on: so its work is in conflict, and an arbiter decides that. */
const TURNS: Readonly<Record<string, readonly Turn[]>> = {
  planner: [{ calls: [{ tool: 'list_files', input: {} }] }, { say: JSON.stringify(PLAN) }],
  a: [write('x.txt', 'a\n'), finish('A.')],
  b: [write('b.txt', 'b\n'), write('x.txt', 'b\n'), finish('B.')],
  'b.1': [write('x.txt', 'a and b\n'), finish('Both.')],
};

type Meets = (who: string, nth: number) => boolean;

/** What comes of a plan: its tasks, or what the person is told. */
async function planned(trouble: Trouble, meets: Meets): Promise<string> {
  const asking = await faultyActors({ turns: TURNS, trouble, meets });
  const { repo } = await sandbox({ 'x.txt': 'x\n' });
  const ground = valued(
    await groundOf(
      repo,
      diskWorkspace(repo, async () => ({ ok: true, value: undefined })),
      NEVER,
    ),
  );
  const made = await makePlan({ request: 'Greet', ground, model: asking.model, modelName: 'claude-x', signal: NEVER });
  return made.ok ? made.value.plan.tasks.map(({ id }) => id).join() : `${made.failure.kind}: ${failureText(made.failure)}`;
}

/** A run that has come to its end, with an arbiter for its conflict. */
async function ran(trouble: Trouble, meets: Meets): Promise<Rig> {
  let landed: Promise<void> = new Promise(() => undefined);
  const before = (who: string, nth: number) => (who === 'b' && nth === 1 ? landed : Promise.resolve());
  const asking = await faultyActors({ turns: TURNS, trouble, meets, before });
  const tasks = ['a', 'b'].map((id) => ({ id, title: `Task ${id}`, instructions: 'Do it.' }));
  const box = await rig(
    { 'x.txt': 'x\n' },
    { a: [] },
    {
      plan: planSchema.parse({ goal: 'A goal', tasks }),
      asking,
      attempts: 1,
      conflicts: { by: 'arbiter', priority: DEFAULT_CONFLICT_PRIORITY },
      limits: { undecided: 'leave' },
    },
  );
  landed = box.reaches('a', 'landed');
  valued(await box.ended);
  return box;
}

const LIMIT = 'model: The model’s server has had too many requests (429): Because. Wait a little, or lower weft.maxWorkers, and try again.';
const ownError = (status: number) =>
  `model: The model’s server is overloaded, or has an error of its own (${status}): Because. Wait a little and try again.`;
const KEY = 'auth: The API key was refused (401). Run “Weft: Set API Key”, or set ANTHROPIC_API_KEY, with a key that may use this model.';
const unknown = (model: string) =>
  `refused: The model “${model}” is not known to the server (404): Because. Set weft.model (or --model) to a model that the server has, and check weft.baseUrl.`;
const unreachable = (why: string) =>
  `model: The model’s server cannot be reached. ${why}. Check weft.baseUrl (or ANTHROPIC_BASE_URL) and your network, and that the server runs.`;
const brokeOff = (why: string) =>
  `model: The answer of the model’s server broke off, or cannot be read: ${why}. Try again. If that does not help, look at what stands between Weft and the server, such as a proxy.`;
const LOOKED = 'agent: The model looked around 18 times and gave no plan. Ask for less at once, or use another model.';
const SPOILT =
  'agent: The agent’s answer was longer than 16,000 tokens, or garbled, 3 times in a row. Split the task into smaller ones, or use another model.';
const IDLE =
  'agent: The agent neither called a tool nor finished, twice in a row. Say more exactly what is to be done, or use another model.';
const CIRCLES =
  'loop: The agent went round in circles: it made the same calls (no_such_tool) and got the same answers 4 times in a row, though it was told. Say more exactly what is to be done, or use another model.';
const REFUSED = 'agent: The model refused to work on this task. Say in its instructions what the work is for, or use another model.';
const NOT_PLANNED = 'agent: The model refused to plan this. Say what the work is for, or use another model.';
const LONG_PLAN = 'agent: The plan became too long for the model. Ask for less at once, or select fewer files.';
const NO_PLAN = 'agent: The model answered without a plan. Ask again, or use another model (weft.model).';
const NO_JSON =
  'agent: The model’s plan cannot be used, and 2 corrections did not help: The plan is not JSON: Unexpected token \'w\', "word word "... is not valid JSON. Ask again in other words, or write the plan yourself (*.weft.json).';

/** What is told where the fault stays: by whoever plans, and by agent and arbiter. `ends`: whom it ends although it comes but once. */
interface Case {
  readonly trouble: Trouble;
  readonly plans: string;
  readonly works: string;
  readonly ends?: readonly ('planner' | 'agent')[];
}

const same = (trouble: Trouble, told: string): Case => ({ trouble, plans: told, works: told });

const CASES: Readonly<Record<string, Case>> = {
  '429 with retry-after': same(refusal(429, 'rate_limit_error', { 'retry-after': '20' }), LIMIT),
  '429 without it': same(refusal(429, 'rate_limit_error'), LIMIT),
  '529': same(refusal(529, 'overloaded_error'), ownError(529)),
  '500': same(refusal(500, 'api_error'), ownError(500)),
  '401': { ...same(refusal(401, 'authentication_error'), KEY), ends: ['planner', 'agent'] },
  '404': { trouble: refusal(404, 'not_found_error'), plans: unknown('claude-x'), works: unknown('scripted:x'), ends: ['planner', 'agent'] },
  'a refused connection': same('refused', unreachable('No answer from SERVER: connect ECONNREFUSED HOST')),
  'a reset': same(reset, unreachable('No answer from SERVER: read ECONNRESET')),
  'a stall': same(silence, unreachable('Nothing came from the model for 90 s')),
  'a stream that ends as if it were whole': same(cut('half', 'end'), brokeOff('The answer of the model broke off')),
  'a stream that breaks off': same(cut('half', 'break'), brokeOff('terminated')),
  'an error in the stream': same(errorEvent('overloaded_error', 'half'), ownError(529)),
  'malformed tool input': {
    trouble: { calls: [{ tool: 'read_file', input: { path: 'x.txt' } }], malformed: 'json' },
    plans: LOOKED,
    works: SPOILT,
  },
  'an unknown tool': { trouble: { calls: [{ tool: 'no_such_tool', input: {} }] }, plans: LOOKED, works: CIRCLES },
  'a refusal': {
    trouble: { say: 'I would rather not.', stop: 'refusal' },
    plans: NOT_PLANNED,
    works: REFUSED,
    ends: ['planner', 'agent'],
  },
  max_tokens: { trouble: { say: 'I begin to', stop: 'max_tokens' }, plans: LONG_PLAN, works: SPOILT, ends: ['planner'] },
  'an empty answer': { trouble: {}, plans: NO_PLAN, works: IDLE, ends: ['planner'] },
  'an answer of 5 MB': { trouble: { say: 'word '.repeat(1024 * 1024) }, plans: NO_JSON, works: IDLE },
};

/** Addresses are others each time. */
function plain(text: string): string {
  return text.replace(/http:\/\/127\.0\.0\.1:\d+/g, 'SERVER').replace(/127\.0\.0\.1:\d+/g, 'HOST');
}

function failureOf({ run }: Rig, id: string): string {
  const stage = run.record.state.tasks.get(id)?.stage;
  const failure = stage?.kind === 'failed' ? stage.failure : stage?.kind === 'conflicted' ? stage.left : undefined;
  return failure == null ? 'none' : plain(`${failure.kind}: ${failureText(failure)}`);
}

/** What the task had done by then, as it is kept. */
function keptOf({ run, repo }: Rig, id: string) {
  const commit = run.record.state.tasks.get(id)?.work.changeset;
  return commit == null ? {} : treeState(repo, commit);
}

describe('a run, its planner and its arbiter', () => {
  for (const [what, { trouble, plans, works, ends = [] }] of Object.entries(CASES)) {
    it(`meet ${what} while planning`, async () => {
      assert.equal(plain(await planned(trouble, (_who, nth) => nth === 1)), ends.includes('planner') ? plans : 'one');
      assert.equal(plain(await planned(trouble, () => true)), plans);
    });

    it(`meet ${what} once, in the midst of a task and of its conflict`, async () => {
      const box = await ran(trouble, (who, nth) => (who === 'b' && nth === 2) || (who === 'b.1' && nth === 1));
      if (ends.includes('agent')) {
        assert.deepEqual([box.stages(), failureOf(box, 'b')], [{ a: 'landed', b: 'failed' }, works]);
        assert.deepEqual(keptOf(box, 'b'), { 'x.txt': 'file x\n', 'b.txt': 'file b\n' });
      } else {
        assert.deepEqual(box.stages(), { a: 'landed', b: 'landed', 'b.1': 'joined' });
        assert.deepEqual(folderState(box.root), { 'x.txt': 'file a and b\n', 'b.txt': 'file b\n' });
      }
    });

    it(`meet ${what} for good in a task, of which nothing is lost`, async () => {
      const box = await ran(trouble, (who, nth) => who === 'b' && nth > 1);
      assert.deepEqual([box.stages(), failureOf(box, 'b')], [{ a: 'landed', b: 'failed' }, works]);
      assert.deepEqual(keptOf(box, 'b'), { 'x.txt': 'file x\n', 'b.txt': 'file b\n' });
      assert.deepEqual(folderState(box.root), { 'x.txt': 'file a\n' });
    });

    it(`meet ${what} for good in an arbiter, and the conflict is the person’s`, async () => {
      const box = await ran(trouble, (who) => who === 'b.1');
      assert.deepEqual(box.stages(), { a: 'landed', b: 'conflicted', 'b.1': 'failed' });
      assert.deepEqual([failureOf(box, 'b'), failureOf(box, 'b.1')], [works, works]);
      assert.deepEqual(keptOf(box, 'b'), { 'x.txt': 'file b\n', 'b.txt': 'file b\n' });
      assert.deepEqual(folderState(box.root), { 'x.txt': 'file a\n' });
    });
  }
});
