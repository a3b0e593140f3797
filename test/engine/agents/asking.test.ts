/** What is to be seen of agents' requests, in runs of real agents behind the whole pipeline. Time passes when the test says so. */
import assert from 'node:assert/strict';
import { spentIn } from '../../../src/domain/cost';
import type { ModelFetch } from '../../../src/model/fetch';
import { errorResponse } from '../../../src/model/messages';
import { runModel } from '../../../src/model/runModel';
import { scenarioSchema } from '../../../src/model/scenario';
import { scriptedModel } from '../../../src/model/scripted';
import { SharedModels } from '../../../src/model/sharedModels';
import { handTime, hastyTime, settled } from '../../support/handTime';
import { valued } from '../../support/result';
import { rig } from '../../support/run';
import { folderState } from '../../support/sandbox';

const write = { calls: [{ tool: 'write_file', input: { path: 'made.txt', content: 'made\n' } }] };
const finish = { calls: [{ tool: 'finish', input: { summary: 'Made.' } }] };

describe('requests of a run', () => {
  it('are seen waiting for the server, with the reason and since when, and no event tells of it', async () => {
    const time = handTime();
    const scripted = scriptedModel(scenarioSchema.parse({ otherwise: [write, finish] }), { paceMs: 0, wait: async () => undefined });
    let refusals = 1;
    const source: ModelFetch = async (request) => {
      refusals -= 1;
      return refusals < 0 ? scripted(request) : errorResponse(429, 'rate_limit_error', 'Too many.', { 'retry-after': '12' });
    };
    const asking = runModel({ source, door: 'x', shared: new SharedModels(time), prices: {}, fallbacks: [], record: undefined });
    const box = await rig({ x: 'x' }, { a: [] }, { asking });
    const begun = box.clock.now();
    while (box.run.live.state.waiting.get('a')?.why !== 'limit') await settled();
    const since = box.run.live.state.waiting.get('a')?.since ?? 0;
    assert.ok(since >= begun && since <= box.clock.now());
    assert.equal(box.run.record.state.tasks.get('a')?.stage.kind, 'running');
    await time.pass(12_000);
    const state = valued(await box.ended);
    assert.deepEqual([...box.run.live.state.waiting], []);
    assert.deepEqual(folderState(box.root), { 'made.txt': 'file made\n', x: 'file x' });
    assert.deepEqual(state.tasks.get('a')?.work.failures, []);
    assert.equal(state.tasks.get('a')?.work.turns, 2);
  });
});

describe('a model that keeps failing', () => {
  it('is answered for by another one, which the run tells once and counts at its own price', async () => {
    const time = hastyTime();
    const names = { 'scripted:x': 0, spare: 0 };
    const scripted = scriptedModel(scenarioSchema.parse({ otherwise: [write, write, write, finish] }), {
      paceMs: 0,
      wait: async () => undefined,
    });
    const source: ModelFetch = async (request) => {
      const { model } = (await request.clone().json()) as { model: keyof typeof names };
      names[model] += 1;
      return model === 'spare' ? scripted(request) : errorResponse(500, 'api_error', 'Broken.');
    };
    const prices = { spare: { input: 1, output: 1 } };
    const asking = runModel({ source, door: 'x', shared: new SharedModels(time), prices, fallbacks: ['spare'], record: undefined });
    const box = await rig({ x: 'x' }, { a: [] }, { asking });
    const told: unknown[] = [];
    box.run.record.listen((event) => event.type === 'run.fallback' && told.push([event.model, event.by, event.why]));
    const state = valued(await box.ended);
    assert.equal(box.stages()['a'], 'landed');
    assert.deepEqual(told, [['scripted:x', 'spare', '500: Broken.']]);
    assert.equal(names.spare, 4);
    const { work } = state.tasks.get('a') ?? assert.fail();
    assert.deepEqual([work.failures, [...work.byOthers.keys()]], [[], ['spare']]);
    const { usd, unpriced } = spentIn(state);
    assert.ok(usd > 0 && unpriced === 0);
  });
});
