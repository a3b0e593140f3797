/** Templates: filled in as text, and checked as plans afterwards. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BUILT_IN_HEADS } from '../../src/domain/role';
import { fillTemplate, readTemplate } from '../../src/plan/template';
import { failed, valued } from '../support/result';

const TEMPLATE = {
  goal: 'Release {{version}}',
  variables: { version: { description: 'Which version?' }, folder: { default: 'src' }, note: { default: '' } },
  check: 'npm test -- {{folder}}',
  tasks: [
    { id: 'bump', title: 'Bump to {{ version }}', instructions: 'Set {{version}}.{{note}}', writes: ['{{folder}}/**'] },
    { id: 'docs', title: 'Changelog', role: 'docs', instructions: 'Say {{ .Literal }} of {{version}}.' },
  ],
};
const template = (change: object = {}) => valued(readTemplate(JSON.stringify({ ...TEMPLATE, ...change }), 'release'));
const fill = (values: Readonly<Record<string, string>>, change?: object) => fillTemplate(template(change), values, BUILT_IN_HEADS);
const said = (values: Readonly<Record<string, string>>, change?: object) => failed(fill(values, change)).message;

describe('a template', () => {
  it('is a plan once its variables have values: those given, else their defaults', () => {
    const plan = valued(fill({ version: '1.2 "beta"\n' }));
    assert.deepEqual(plan, {
      goal: 'Release 1.2 "beta"\n',
      check: 'npm test -- src',
      tasks: [
        {
          id: 'bump',
          title: 'Bump to 1.2 "beta"\n',
          role: 'coder',
          instructions: 'Set 1.2 "beta"\n.',
          dependsOn: [],
          writes: ['src/**'],
          context: [],
        },
        {
          id: 'docs',
          title: 'Changelog',
          role: 'docs',
          instructions: 'Say {{ .Literal }} of 1.2 "beta"\n.',
          dependsOn: [],
          writes: [],
          context: [],
        },
      ],
    });
  });

  it('says which values are missing, and which nobody asked for', () => {
    assert.deepEqual(failed(fill({})), {
      kind: 'input',
      message: 'The template “release” needs “version” (Which version?).',
      fix: 'Give each of them: --set version=…',
    });
    assert.deepEqual(failed(fill({ version: '1', Version: '2', x: '' })), {
      kind: 'input',
      message: 'The template “release” has no variable “Version”, “x”.',
      fix: 'It has “version”, “folder”, “note”.',
    });
    assert.match(
      said({ a: '1' }, { variables: undefined, goal: 'G', check: undefined, tasks: [{ id: 'a', title: 'A', instructions: 'A' }] }),
      /has no variable “a”/,
    );
  });

  it('says what is wrong with its file', () => {
    const wrong: [unknown, RegExp][] = [
      ['{', /“release” is not JSON: /],
      [{ ...TEMPLATE, variables: { version: { default: 1 } } }, /cannot be used: variables\.version\.default: /],
      [{ ...TEMPLATE, variables: { '1x': {} } }, /cannot be used: variables\.1x: /],
      [{ ...TEMPLATE, variables: { version: {} } }, /uses “folder”, “note”, which its “variables” do not have/],
    ];
    for (const [data, message] of wrong)
      assert.match(failed(readTemplate(typeof data === 'string' ? data : JSON.stringify(data), 'release')).message, message);
  });

  it('lets no value lead out of the workspace, or put a second command behind the first', () => {
    assert.match(said({ version: '1', folder: '../other' }), /no usable plan with these values: tasks\[0\]\.writes\[0\]: .*“\.\.”/);
    assert.match(said({ version: '1', folder: '/etc' }), /no usable plan with these values: tasks\[0\]\.writes\[0\]: .*absolute/);
    for (const folder of ['src; rm -rf .', '$(id)', 'a b', '--exec=sh', '`id`', 'a\nb', "'", '*'])
      assert.match(
        said({ version: '1', folder }),
        /“folder” would stand in a command \(check\), and has more in it than one plain word/,
        folder,
      );
    assert.match(
      said({ version: '1', folder: 'a' }, { tasks: [{ id: '{{version}} x', title: 'A', instructions: 'A' }] }),
      /tasks\[0\]\.id/,
    );
  });

  it('has the same fields whatever its values are', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (version, note) => {
        const filled = fill({ version: `v${version}`, note });
        if (!filled.ok) return;
        const { goal, check, tasks } = filled.value;
        assert.deepEqual(Object.keys(filled.value).sort(), ['check', 'goal', 'tasks']);
        assert.deepEqual([goal, check, tasks.length], [`Release v${version}`, 'npm test -- src', 2]);
        assert.equal(tasks[0]?.instructions, `Set v${version}.${note}`);
      }),
    );
  });
});
