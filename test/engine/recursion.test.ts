/** Recursion and races from end to end: the real loop and SDK, real git, and a model that plays a scenario. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Plan, planSchema } from '../../src/domain/plan';
import { scenarioSchema, type Turn } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { valued } from '../support/result';
import { type Rig, rig } from '../support/run';

type Turns = Readonly<Record<string, readonly Turn[]>>;

const finish = (summary: string) => ({ tool: 'finish', input: { summary } });
const write = (path: string, content: string) => ({ tool: 'write_file', input: { path, content } });
const spawn = (...parts: object[]) => ({ tool: 'spawn', input: { parts } });
const part = (name: string | number, more: object = {}) => ({
  name: `p${name}`,
  title: `Part ${name}`,
  instructions: `Do part ${name}.`,
  ...more,
});

/** A run of one task, `top`, that goes by these turns. */
function play(tasks: Turns, plan: Partial<Plan> = {}, maxWorkers = 4): Promise<Rig> {
  const model = scriptedModel(scenarioSchema.parse({ tasks }), { paceMs: 0, wait: async () => undefined });
  return rig({ 'a.txt': 'a\n' }, { top: [] }, { model, plan, limits: { maxWorkers } });
}

const text = ({ root }: Rig, path: string) => readFileSync(join(root, path), 'utf8');

describe('an agent that spawns', () => {
  it('makes ten of one, and a hundred of ten, and lands what all of them did', async () => {
    const ten = Array.from({ length: 10 }, (_, at) => at + 1);
    const tasks: Record<string, Turn[]> = {
      top: [{ calls: [write('top.txt', 'top\n'), spawn(...ten.map((at) => part(at)))] }, { calls: [finish('All of it.')] }],
    };
    for (const i of ten) {
      const parts = ten.map((j) => part(j, { instructions: `Do part ${j} of ${i}.` }));
      tasks[`top.${i}`] = [{ calls: [spawn(...parts)] }, { calls: [finish(`Part ${i}.`)] }];
      for (const j of ten) tasks[`top.${i}.${j}`] = [{ calls: [write(`out/${i}/${j}.txt`, `${i} ${j}\n`), finish('Done.')] }];
    }
    const box = await play(tasks);
    const state = valued(await box.ended);
    assert.equal(state.tasks.size, 111);
    assert.deepEqual(new Set([...state.tasks.values()].map(({ stage }) => stage.kind)), new Set(['landed', 'joined']));
    assert.deepEqual([state.tasks.get('top')?.stage.kind, state.tasks.get('top')?.work.changes.length], ['landed', 101]);
    for (const i of ten) {
      assert.equal(readdirSync(join(box.root, `out/${i}`)).length, 10);
      for (const j of ten) assert.equal(text(box, `out/${i}/${j}.txt`), `${i} ${j}\n`);
    }
  });

  it('decides what its parts contradict each other in, and does itself what it may not spawn', async () => {
    const box = await play(
      {
        top: [
          { calls: [spawn(part(1, { dependsOn: ['p2'] }), part(2), part(3))] },
          // Too early: it is told so.
          { calls: [finish('Done.')] },
          { calls: [write('a.txt', 'two and three\n'), finish('Decided.')] },
        ],
        'top.1': [{ calls: [spawn(part(4))] }, { calls: [write('one.txt', 'one\n'), finish('One.')] }],
        'top.2': [{ calls: [write('a.txt', 'two\n'), finish('Two.')] }],
        'top.3': [{ calls: [write('a.txt', 'three\n'), finish('Three.')] }],
      },
      { limits: { depth: 1 } },
      1,
    );
    const state = valued(await box.ended);
    assert.deepEqual(box.stages(), { top: 'landed', 'top.1': 'joined', 'top.2': 'joined', 'top.3': 'joined' });
    assert.deepEqual([text(box, 'a.txt'), text(box, 'one.txt')], ['two and three\n', 'one\n']);
    assert.deepEqual([state.tasks.get('top')?.work.turns, state.tasks.get('top.1')?.work.turns], [3, 2]);
  });
});

describe('agents that race', () => {
  it('pass the turn on where their check is red; the last one mends its work in its own conversation', async () => {
    const wrong = (path: string) => ({ calls: [write(path, 'wrong\n'), finish('Done.')] });
    const tasks = [
      {
        id: 'top',
        title: 'The race',
        instructions: 'Do it.',
        candidates: 2,
        check: `node -e "process.exit(require('fs').readFileSync('n', 'utf8') === 'right\\n' ? 0 : 1)"`,
      },
    ];
    const box = await play(
      { 'top.1': [wrong('n')], 'top.2': [wrong('n'), { calls: [write('n', 'right\n'), finish('Mended.')] }] },
      planSchema.parse({ goal: 'A goal', tasks }),
      1,
    );
    const state = valued(await box.ended);
    assert.deepEqual(box.stages(), { top: 'landed', 'top.1': 'failed', 'top.2': 'joined' });
    assert.equal(text(box, 'n'), 'right\n');
    assert.deepEqual([state.tasks.get('top')?.work.turns, state.tasks.get('top')?.work.summary], [1, 'Mended.']);
  });
});
