/** Plans: each thing that can be wrong with one is named, with its place and what to do. */
import assert from 'node:assert/strict';
import { array, assert as check, integer, property } from 'fast-check';
import { failureText } from '../../src/domain/failure';
import { checkPlan, MAX_TASKS, problemsText, readPlan } from '../../src/domain/plan';
import { failed, valued } from '../support/result';

const task = (id: string, more: object = {}) => ({ id, title: id, instructions: 'Do it.', ...more });
const plan = (...tasks: object[]) => ({ goal: 'A goal', tasks });
const problems = (data: unknown) => problemsText(checkPlan(data).problems);

describe('a plan', () => {
  it('is read with its defaults, a byte order mark or not', () => {
    const text = JSON.stringify(plan(task('a')));
    const full = { id: 'a', title: 'a', instructions: 'Do it.', role: 'coder', dependsOn: [], writes: [], context: [] };
    assert.deepEqual(valued(readPlan(text, 'plan.json')), { goal: 'A goal', tasks: [full] });
    assert.deepEqual(valued(readPlan(`\ufeff${text}`, 'plan.json')), { goal: 'A goal', tasks: [full] });
  });

  it('that is no JSON is refused by the name of its file', () => {
    const said = failureText(failed(readPlan('{"goal": ', 'plan.json')));
    assert.match(said, /^plan\.json is not JSON: .+\. Mend the JSON, or run “weft schema”/);
  });

  it('without tasks is told that it has none', () => {
    assert.equal(problems(plan()), 'tasks: there are no tasks: give at least one');
    assert.match(problems({ goal: 'g' }), /^tasks: /);
  });

  it('of too many tasks is refused at once, by their number', () => {
    const many = plan(...Array.from({ length: 10_000 }, (_, at) => task(`t${at}`)));
    assert.equal(problems(many), 'tasks: has 10,000 tasks, and the limit is 1,000: split it into several plans');
    assert.deepEqual(checkPlan(plan(...Array.from({ length: MAX_TASKS }, (_, at) => task(`t${at}`)))).problems, []);
  });

  it('with a duplicate id is told which, and of which task', () => {
    assert.equal(problems(plan(task('a'), task('b'), task('a'))), 'tasks[2].id: “a” is the id of tasks[0] already: give each task its own');
  });

  it('with ids that only some systems tell apart is refused, too', () => {
    assert.match(problems(plan(task('api'), task('API'))), /^tasks\[1\]\.id: “API” is the id of tasks\[0\] already/);
  });

  it('with an unknown dependency is told its name', () => {
    assert.equal(
      problems(plan(task('a'), task('b', { dependsOn: ['a', 'x'] }))),
      'tasks[1].dependsOn[1]: no task is called “x”: name a task of this plan',
    );
  });

  it('with a cycle is shown the circle', () => {
    const circle = plan(task('a', { dependsOn: ['c'] }), task('b', { dependsOn: ['a'] }), task('c', { dependsOn: ['b'] }), task('d'));
    assert.match(problems(circle), /^tasks\[\d\]\.dependsOn: tasks wait for each other in a circle \(a → c → b → a\): take one/);
    assert.match(problems(plan(task('a', { dependsOn: ['a'] }))), /\(a → a\)/);
  });

  it('with a path that escapes is told the task, the field and the path', () => {
    const bad = plan(task('a', { writes: ['src/**', '../x'], context: ['/etc/passwd', '.git/config'] }));
    assert.match(
      problems(bad),
      /^tasks\[0\]\.writes\[1\]: The path "\.\.\/x" contains “\.\.”.*; tasks\[0\]\.context\[0\]: The path "\/etc\/passwd" is absolute.*; tasks\[0\]\.context\[1\]: .*inside \.git/,
    );
  });

  it('with a NUL in any text is told where, once for each, and what to do', () => {
    const told = 'contains a NUL character (\\u0000), which neither git nor a shell takes: leave it out';
    const bad = { ...plan(task('a', { title: 'x\0', check: 'true\0' }), task('b', { instructions: '\0' })), goal: 'A\0goal', check: '\0x' };
    assert.equal(
      problems(bad),
      ['goal', 'tasks[0].title', 'tasks[0].check', 'tasks[1].instructions', 'check'].map((at) => `${at}: ${told}`).join('; '),
    );
    const more = plan(task('a', { writes: ['src/\0'], fallback: [{ model: 'm\0' }], reason: 'r\0' }));
    assert.equal(problems(more), ['reason', 'writes[0]', 'fallback[0].model'].map((at) => `tasks[0].${at}: ${told}`).join('; '));
  });

  it('hears all its problems at once, but no more than five by name', () => {
    const bad = plan(...Array.from({ length: 8 }, (_, at) => task(`t${at}`, { dependsOn: ['nobody'] })));
    assert.match(problems(bad), /^(tasks\[\d\]\.dependsOn\[0\]: [^;]+; ){5}and 3 more$/);
    const mixed = plan(task('a'), task('a', { dependsOn: ['x'], writes: ['..'] }));
    assert.equal(checkPlan(mixed).problems.length, 3);
  });

  it('of the wrong shape is told which field', () => {
    assert.match(problems(plan(task('a', { role: 'No role' }))), /^tasks\[0\]\.role: must be small letters/);
    assert.match(problems(plan(task('a', { prio: 1 }))), /prio/);
    assert.match(problems(plan(task('no spaces'))), /^tasks\[0\]\.id: must be letters, digits/);
    assert.match(problems({ ...plan(task('a')), limits: { maxWorkers: 0 } }), /^limits\.maxWorkers: /);
    for (const data of [null, 3, 'x', [], undefined]) assert.match(problems(data), /^the plan: /);
  });

  it('names roles that there are, and gets one where a task names none', () => {
    const bad = {
      ...plan(task('a', { role: 'wizard', fallback: [{ model: 'm' }, { role: 'witch' }] })),
      limits: { pools: { coder: 1, cauldron: 2 } },
    };
    const known = 'coder, debugger, security, database, tester, reviewer, docs, researcher';
    assert.deepEqual(checkPlan(bad).problems, [
      { at: ['tasks', 0, 'role'], message: `there is no role “wizard”: use one of ${known}` },
      { at: ['tasks', 0, 'fallback', 1, 'role'], message: `there is no role “witch”: use one of ${known}` },
      { at: ['limits', 'pools', 'cauldron'], message: `no role or pool is called “cauldron”: use one of ${known}` },
    ]);
    const roles = ['coder', 'wizard', 'witch'].map((name) => ({
      name,
      description: '',
      keywords: name === 'witch' ? ['brew'] : [],
      pool: 'cauldron',
    }));
    assert.deepEqual(checkPlan(bad, roles).problems, []);
    const routed = checkPlan(plan(task('a', { title: 'Brew a potion' }), task('b')), roles);
    assert.deepEqual(
      routed.plan?.tasks.map(({ role }) => role),
      ['witch', 'coder'],
    );
  });

  it('is accepted where every task depends on earlier ones only, and refused where one waits for itself', async () => {
    const edges = array(array(integer({ min: 0, max: 30 }), { maxLength: 4 }), { minLength: 2, maxLength: 30 });
    await check(
      property(edges, (rows) => {
        const tasks = rows.map((row, at) => task(`t${at}`, { dependsOn: row.filter((on) => on < at).map((on) => `t${on}`) }));
        assert.deepEqual(checkPlan(plan(...tasks)).problems, []);
        const last = rows.length - 1;
        const chained = tasks.map((one, at) =>
          at === 0 ? task('t0', { dependsOn: [`t${last}`] }) : { ...one, dependsOn: [`t${at - 1}`] },
        );
        assert.equal(checkPlan(plan(...chained)).problems.length, 1);
      }),
    );
  });
});
