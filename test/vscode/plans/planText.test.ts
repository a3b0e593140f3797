/** Plans as text: what is written, what is marked, what is offered. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Plan, planSchema, readPlan } from '../../../src/domain/plan';
import { BUILT_IN_HEADS, BUILT_IN_ROLES } from '../../../src/domain/role';
import { planText, slug } from '../../../src/plan/planFile';
import { planMarks, planSize, routedIn, wantedAt } from '../../../src/vscode/plans/planText';

const task = (id: string, dependsOn: string[] = [], more: object = {}) => ({
  id,
  title: `Do ${id}`,
  instructions: 'Do it.',
  dependsOn,
  ...more,
});
const plan = (tasks: object[]) => JSON.stringify({ goal: 'Test', tasks }, null, 2);
/** What the marks stand on, and what they say. */
const marked = (text: string) =>
  planMarks(text, BUILT_IN_HEADS).map(({ offset, length, message }) => [text.slice(offset, offset + length), message]);

describe('a plan as text', () => {
  it('is the same plan when it is read again', () => {
    const texts = fc.array(fc.constantFrom('src/a.ts', 'docs/**', 'x y.md'), { maxLength: 2 });
    const checks = { check: fc.option(fc.constantFrom('npm test', 'make "x" && y'), { nil: undefined }) };
    const tasks = fc.uniqueArray(
      fc.record({
        id: fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/),
        title: fc.string({ minLength: 1 }),
        role: fc.constantFrom(...BUILT_IN_ROLES),
        instructions: fc.string({ minLength: 1 }),
        dependsOn: fc.constant<string[]>([]),
        writes: texts,
        context: texts,
        reason: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
        ...checks,
      }),
      { selector: (one) => one.id, minLength: 1, maxLength: 5 },
    );
    const plans = fc.record({
      goal: fc.string({ minLength: 1 }),
      tasks,
      ...checks,
      limits: fc.record({ maxWorkers: fc.integer({ min: 1, max: 128 }), repairs: fc.integer({ min: 0, max: 10 }) }),
    });
    fc.assert(
      fc.property(plans, (given) => {
        const made: Plan = planSchema.parse(JSON.parse(JSON.stringify(given)));
        assert.deepEqual(readPlan(planText(made), 'the plan'), { ok: true, value: made });
      }),
    );
  });

  it('leaves out what says nothing', () => {
    const parsed = planSchema.parse({ goal: 'Test', tasks: [task('a', [], { writes: ['src/**'] })] });
    assert.deepEqual(JSON.parse(planText(parsed)), {
      goal: 'Test',
      tasks: [{ id: 'a', title: 'Do a', role: 'coder', instructions: 'Do it.', writes: ['src/**'] }],
    });
  });

  it('names its file after the goal', () => {
    assert.equal(slug('Add search, with tests!'), 'add-search-with-tests');
    assert.equal(slug('Über 1.000 Wörter'), 'u-ber-1-000-wo-rter');
    assert.equal(slug('検索'), 'plan');
    assert.equal(slug('Get the tea shop ready to open: search, and more'), 'get-the-tea-shop-ready-to-open-search');
    assert.equal(slug('a'.repeat(300)), 'a'.repeat(40));
  });
});

describe('the marks in a plan', () => {
  it('stand on the id that nobody has', () => {
    assert.deepEqual(marked(plan([task('a', ['b'])])), [['"b"', 'no task is called “b”: name a task of this plan']]);
  });

  it('stand on the id that is there already', () => {
    const text = plan([task('a'), task('a')]);
    const [mark, ...more] = planMarks(text, BUILT_IN_HEADS);
    assert.deepEqual(more, []);
    assert.equal(mark?.offset, text.lastIndexOf('"a"'));
  });

  it('stand on the field that closes a circle', () => {
    const marks = marked(plan([task('a', ['b']), task('b', ['a'])]));
    assert.deepEqual(
      marks.map(([on]) => on),
      ['"dependsOn"'],
    );
    assert.match(marks[0]?.[1] ?? '', /in a circle \(a → b → a\)/);
  });

  it('stand on paths that lead out', () => {
    const text = plan([task('a', [], { context: ['src/ok.ts', '../up.ts'], writes: ['/etc/passwd'] })]);
    assert.deepEqual(
      marked(text)
        .map(([on]) => on)
        .sort(),
      ['"../up.ts"', '"/etc/passwd"'],
    );
  });

  it('stand on a list of too many tasks', () => {
    const text = plan(Array.from({ length: 1001 }, (_, at) => task(`t${at}`)));
    assert.deepEqual(
      marked(text).map(([on]) => on),
      ['"tasks"'],
    );
  });

  it('leave to the schema what it tells by itself', () => {
    assert.deepEqual(planMarks(plan([{ id: 'a' }]), BUILT_IN_HEADS), []);
    assert.deepEqual(planMarks('{ "goal": ', BUILT_IN_HEADS), []);
    assert.deepEqual(planMarks('', BUILT_IN_HEADS), []);
  });

  it('never fall outside of the text, whatever is typed', () => {
    const whole = plan([task('a', ['b']), task('b', ['a', 'c'], { context: ['../x'] })]);
    for (let end = 0; end <= whole.length; end++) {
      const text = whole.slice(0, end);
      for (const { offset, length } of planMarks(text, BUILT_IN_HEADS))
        assert.ok(offset >= 0 && offset + length <= Math.max(1, text.length));
      wantedAt(text, end);
      planSize(text, BUILT_IN_HEADS);
    }
  });
});

describe('what a plan offers while it is typed', () => {
  /** `|` is where the cursor stands. */
  const at = (text: string) => wantedAt(text.replace('|', ''), text.indexOf('|'));
  const tasks = (dependsOn: string) =>
    `{ "goal": "g", "tasks": [ { "id": "a", "title": "First" }, { "id": "b", "title": "Second", "dependsOn": ${dependsOn} }, { "id": "c", "title": "Third", "dependsOn": ["b"] } ] }`;

  it('is the ids that make no circle', () => {
    const wanted = at(tasks('["|"]'));
    assert.ok(wanted?.kind === 'ids');
    assert.deepEqual(wanted.tasks, [{ id: 'a', title: 'First' }]);
    assert.equal(wanted.length, 2);
  });

  it('is put between brackets that are empty', () => {
    const wanted = at(tasks('[|]'));
    assert.ok(wanted?.kind === 'ids');
    assert.equal(wanted.length, 0);
  });

  it('is not what is there already', () => {
    const wanted = at(tasks('["a", "|"]'));
    assert.ok(wanted?.kind === 'ids');
    assert.deepEqual(wanted.tasks, []);
  });

  it('is files in context, and patterns too in writes', () => {
    const field = (name: string) => at(`{ "tasks": [ { "id": "a", "${name}": ["src/|"] } ] }`);
    assert.deepEqual([field('context')?.kind, field('writes')?.kind], ['files', 'files']);
    const [context, writes] = [field('context'), field('writes')];
    assert.ok(context?.kind === 'files' && !context.globs && writes?.kind === 'files' && writes.globs);
  });

  it('is roles, of a task and of what it falls back to', () => {
    const text = '{ "tasks": [ { "id": "a", "role": "co|" } ] }';
    assert.deepEqual(at(text), { kind: 'roles', offset: text.indexOf('"co'), length: 4 });
    assert.equal(at('{ "tasks": [ { "id": "a", "role": | } ] }')?.kind, 'roles');
    assert.equal(at('{ "tasks": [ { "fallback": [ { "role": "|" } ] } ] }')?.kind, 'roles');
    assert.equal(at('{ "tasks": [ { "ro|le": "x" } ] }'), undefined);
  });

  it('is nothing elsewhere', () => {
    assert.equal(at('{ "goal": "|", "tasks": [] }'), undefined);
    assert.equal(at('{ "tasks": [ { "title": "|" } ] }'), undefined);
    assert.equal(at('{ "tasks": [ | ] }'), undefined);
  });
});

describe('the size of a plan', () => {
  it('counts tasks, and what is wrong', () => {
    const size = { tasks: 2, maxWorkers: undefined, problems: 0, commands: 0, variables: 0 };
    assert.deepEqual(planSize(plan([task('a'), task('b', ['a'])]), BUILT_IN_HEADS), size);
    assert.deepEqual(planSize(plan([task('a', ['b'])]), BUILT_IN_HEADS), { ...size, tasks: 1, problems: 1 });
    assert.equal(planSize(plan([task('a', [], { check: 'make a' }), task('b', [], { check: 'make b' })]), BUILT_IN_HEADS).commands, 2);
    assert.ok(planSize('{', BUILT_IN_HEADS).problems > 0);
    assert.ok(planSize('', BUILT_IN_HEADS).problems > 0);
    assert.ok(planSize(`// a comment\n${plan([task('a')])}`, BUILT_IN_HEADS).problems > 0);
  });

  it('of a template is that of the plan that it makes', () => {
    const template = { goal: 'Do {{what}}', variables: { what: {}, id: { default: 'b' } }, tasks: [task('a'), task('{{id}}', ['a'])] };
    const text = JSON.stringify(template);
    assert.deepEqual(planSize(text, BUILT_IN_HEADS), { tasks: 2, maxWorkers: undefined, problems: 0, commands: 0, variables: 2 });
    assert.deepEqual(planMarks(text, BUILT_IN_HEADS), []);
    assert.deepEqual(marked(JSON.stringify({ ...template, tasks: [task('{{id}}', ['x'])] })), [
      ['"x"', 'no task is called “x”: name a task of this plan'],
    ]);
  });
});

describe('the role of a task that names none', () => {
  const roles = [
    { name: 'coder', description: '', keywords: [] },
    { name: 'painter', description: '', keywords: ['paint'] },
  ];

  it('stands behind its title, with why', () => {
    const text = '{ "tasks": [ { "title": "Paint it" }, { "title": "Move it", "role": "painter" }, { "title": "Move it" }, {} ] }';
    assert.deepEqual(routedIn(text, roles), [
      { role: 'painter', reason: '“paint” in its title', offset: text.indexOf('"Paint it"') + 10 },
      { role: 'coder', reason: 'no word of it speaks for another role', offset: text.lastIndexOf('"Move it"') + 9 },
    ]);
    assert.deepEqual(routedIn('{ "tasks": [ { "title": ', roles), []);
  });

  it('is one that there is, and one of the workspace’s, too', () => {
    const text = '{ "goal": "g", "tasks": [ { "id": "a", "title": "A", "instructions": "x", "role": "painter" } ] }';
    assert.deepEqual(planMarks(text, roles), []);
    const [mark] = planMarks(text, BUILT_IN_HEADS);
    assert.deepEqual([mark?.offset, mark?.length], [text.indexOf('"painter"'), 9]);
    assert.match(mark?.message ?? '', /^there is no role “painter”: use one of coder, /);
  });
});
