/** A run with roles of its workspace: who works with which model and in which pool, what its agents are told, and what is taken over. */
import assert from 'node:assert/strict';
import { childSchema } from '../../../src/domain/spawn';
import { reuseFrom } from '../../../src/engine/agents/reuse';
import { beginRun } from '../../../src/engine/begin';
import { projectReader } from '../../../src/engine/project/readProject';
import { retryOf } from '../../../src/engine/steering/kept';
import { failed, NEVER, valued } from '../../support/result';
import { ROLES_FOLDER } from '../../support/roles';
import { leave, type Rig, resumedRig, rig, rigIn } from '../../support/run';
import { put } from '../../support/sandbox';

const PAINTER = '.weft/agents/painter.md';
const painter = (more = '') =>
  `---\ndescription: Paints.\nkeywords: [paint]\nmodel: m2\npool: slow\ntools: [edit]\n---\nYou paint.${more}\n`;
const FILES = { 'AGENTS.md': 'Be brief.\n', [PAINTER]: painter(), '.weft/lessons.md': '- Build first.\n', 'in.txt': 'in\n' };
const ROLE = { role: 'painter' };

describe('a run with roles of its workspace', () => {
  it('has them work with their models, counts them by their pools, and tells all agents the same of the project', async () => {
    const fields = { a: ROLE, b: { ...ROLE, model: 'm3' }, c: {} };
    const box = await rig(FILES, { a: [], b: [], c: [] }, { project: true, fields, limits: { pools: { slow: 1 } } });
    const [a, c] = [await box.agents.agent('a'), await box.agents.agent('c')];
    assert.deepEqual(box.agents.running(), ['a', 'c']);
    await a.finish({ 'a.txt': 'a\n' });
    const b = await box.agents.agent('b');
    assert.deepEqual([a.job.model, b.job.model, c.job.model], ['m2', 'm3', 'scripted:x']);
    assert.deepEqual(a.job.role, { name: 'painter', instructions: 'You paint.', tools: ['edit'], source: { kind: 'file', path: PAINTER } });
    assert.match(c.job.role.instructions, /^You are a coder\./);
    assert.match(
      a.job.project,
      /<rules file="AGENTS\.md">\nBe brief\.\n<\/rules>\n\nLessons of [^\n]+\n- Build first\.\n\nThe roles [\s\S]+\n- painter: Paints\.$/,
    );
    assert.deepEqual([b.job.project, c.job.project], [a.job.project, a.job.project]);
    await b.finish();
    await c.finish();
    valued(await box.ended);
  });

  it('goes on with what it began with, whatever became of the files meanwhile', async () => {
    const box = await rig(FILES, { a: [] }, { project: true, fields: { a: ROLE } });
    const before = (await box.agents.agent('a')).job;
    await leave(box);
    put(box.root, PAINTER, 'Gone.');
    put(box.root, 'AGENTS.md', 'You may run anything.');
    const again = await resumedRig(box, { run: box.run.id, undecided: 'wait', paused: 'stay' }, { project: true, clock: box.clock });
    const { job, finish } = await again.agents.agent('a');
    assert.deepEqual([job.role, job.project, job.model], [before.role, before.project, before.model]);
    await finish();
    valued(await again.ended);
  });

  it('tells lessons, or none, as it began, when it is gone on with and when a task of it is done again', async () => {
    const begun = async (lessons: boolean, lessonsSet: boolean) => {
      const options = { project: true, lessonsSet };
      const box = await rig(FILES, { a: [] }, { ...options, lessons });
      const first = await box.agents.agent('a');
      await leave(box);
      // What is set by then is the opposite.
      const later = { ...options, clock: box.clock, lessonsSet: !lessons };
      const again = await resumedRig(box, { run: box.run.id, undecided: 'wait', paused: 'stay' }, later);
      const second = await again.agents.agent('a');
      await second.fail();
      const ended = valued(await again.ended);
      again.run.record.close();
      const { plan, retry } = valued(retryOf(ended, 'a', { fresh: false, hint: '' }));
      const retried = await rigIn(box, { a: [] }, { ...later, plan, retry });
      const third = await retried.agents.agent('a');
      await third.finish();
      valued(await retried.ended);
      return [first, second, third].map(({ job }) => job.project.includes('- Build first.'));
    };
    assert.deepEqual(await begun(false, true), [false, false, false]);
    // A new run tells none where none are to be told by now.
    assert.deepEqual(await begun(true, false), [true, true, false]);
  });

  it('does not begin with a role that there is not', async () => {
    const box = await rig(FILES, { a: [] }, { project: true });
    await (await box.agents.agent('a')).finish();
    valued(await box.ended);
    const plan = {
      ...box.run.record.state.start.plan,
      tasks: box.run.record.state.start.plan.tasks.map((task) => ({ ...task, role: 'wizard' })),
    };
    const request = {
      plan,
      model: 'x',
      planning: box.run.record.state.start.planning,
      limits: { maxWorkers: 1, undecided: 'wait' as const },
    };
    const project = projectReader(box.repo, { builtIn: ROLES_FOLDER, lessons: () => true });
    const { message } = failed(
      await beginRun(request, { ...box, worker: box.agents.worker, check: async () => assert.fail(), project }, NEVER),
    );
    assert.match(
      message,
      /^The plan cannot run in this workspace: tasks\[0\]\.role: there is no role “wizard”: use one of coder, .*painter\.$/,
    );
  });

  it('gives children the role that they name, or whose words they have, and refuses what there is not', async () => {
    const box = await rig(FILES, { a: [] }, { project: true });
    const parent = await box.agents.agent('a');
    const child = (name: string, more: object) => childSchema.parse({ name, title: name, instructions: `Do ${name}.`, ...more });
    const wrong = await parent.spawn({ call: 'c1', draft: null, children: [child('x', { role: 'wizard' })] });
    assert.match(failed(wrong).message, /^“x” cannot be done: there is no role “wizard”: use one of coder, .*painter\.$/);
    const engines = await parent.spawn({ call: 'c1', draft: null, children: [child('x', { role: 'arbiter' })] });
    assert.match(failed(engines).message, /there is no role “arbiter”/);
    const asked = parent.spawn({ call: 'c2', draft: null, children: [child('x', { title: 'Paint it' }), child('y', { role: 'docs' })] });
    const [x, y] = [await box.agents.agent('a.1'), await box.agents.agent('a.2')];
    assert.deepEqual([x.job.role.name, x.job.model, y.job.role.name], ['painter', 'm2', 'docs']);
    await x.finish();
    await y.finish();
    valued(await asked);
    await parent.finish();
    valued(await box.ended);
  });
});

describe('what an earlier run did', () => {
  const fields = { a: ROLE, c: {} };
  const options = { project: true, fields };

  async function first(): Promise<Rig> {
    const box = await rig(FILES, { a: [], c: [] }, options);
    for (const id of ['a', 'c']) await (await box.agents.agent(id)).finish({ [`${id}.txt`]: `${id}\n` }, 'Did it.', ['in.txt']);
    valued(await box.ended);
    box.run.record.close();
    return box;
  }

  const again = (box: Rig) => rigIn(box, { a: [], c: [] }, { ...options, clock: box.clock, reuse: reuseFrom(box.repo) });

  it('is taken over as long as its roles and rules are what they were', async () => {
    const run = await again(await first());
    valued(await run.ended);
    assert.ok([...run.run.record.state.tasks.values()].every(({ work }) => work.reused !== null));
  });

  it('is done again by the role whose file changed, and by all where the rules did', async () => {
    const box = await first();
    put(box.root, PAINTER, painter(' Well.'));
    const changed = await again(box);
    await (await changed.agents.agent('a')).finish();
    valued(await changed.ended);
    assert.deepEqual(
      [...changed.run.record.state.tasks.values()].map(({ work }) => work.reused !== null),
      [false, true],
    );
    changed.run.record.close();
    put(box.root, 'AGENTS.md', 'Be long.\n');
    const ruled = await again(box);
    for (const id of ['a', 'c']) await (await ruled.agents.agent(id)).finish();
    valued(await ruled.ended);
    assert.ok([...ruled.run.record.state.tasks.values()].every(({ work }) => work.reused === null));
  });
});
