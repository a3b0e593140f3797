/** Files of roles: Weft's own format, and those of Claude Code and GitHub as people write them. */
import assert from 'node:assert/strict';
import { asyncProperty, assert as check, constantFrom, string } from 'fast-check';
import { catalogueOf, MAX_ROLES } from '../../../src/agent/roles/catalogue';
import { type Dialect, MAX_ROLE_CHARACTERS, type RoleFile, readRoleFile } from '../../../src/agent/roles/roleFile';
import { BUILT_IN_ROLES, forPlans, problemText } from '../../../src/domain/role';
import { builtInRoles } from '../../support/roles';

const FOLDERS = { weft: '.weft/agents', claude: '.claude/agents', github: '.github/agents' };
const fileOf = (text: string, dialect: Dialect = 'weft', name = 'mine.md'): RoleFile => {
  const path = `${FOLDERS[dialect]}/${name}`;
  return { path, text, dialect, source: { kind: 'file', path } };
};
const read = (text: string, dialect: Dialect = 'weft', name = 'mine.md') => readRoleFile(fileOf(text, dialect, name));
const said = (text: string, dialect: Dialect = 'weft') => read(text, dialect).problems.map((one) => `${one.kind}: ${problemText(one)}`);

describe('a role’s file', () => {
  it('says what such an agent is, may and goes by', () => {
    const text =
      '---\nname: painter\ndescription: Paints walls.\nkeywords: paint, colour\ntools: [read, edit, github/*]\nmodel: claude-opus-5\npool: slow\n---\n\nYou paint.\n';
    assert.deepEqual(read(text), {
      role: {
        name: 'painter',
        description: 'Paints walls.',
        keywords: ['paint', 'colour'],
        pool: 'slow',
        instructions: 'You paint.',
        tools: ['edit', 'github/*'],
        source: { kind: 'file', path: '.weft/agents/mine.md' },
        model: 'claude-opus-5',
      },
      problems: [],
    });
    const plain = read('---\r\ndescription: Plain.\r\n---\r\nYou are plain.').role;
    assert.deepEqual([plain?.name, plain?.tools, plain?.model, plain?.instructions], ['mine', null, undefined, 'You are plain.']);
  });

  it('that cannot be used says where, why and what to do', () => {
    const at = 'error: .weft/agents/mine.md:';
    const expected: [string, string][] = [
      ['You paint.', `${at}1 has no front matter: begin it with lines “---”, “description: …” and “---”.`],
      ['---\nname: x\ndescription: D\n---\n \n', `${at}5 has no instructions: write below its front matter what such an agent is to do.`],
      ['---\nname: x\n---\nYou.', `${at}1 has no description: add a line “description: …” that says what it is for.`],
      [
        '---\ndescription: D\nname: A b\n---\nYou.',
        `${at}3 has the name “A b”, which must be small letters, digits, “-” or “_”, at most 64, and begin with a letter or digit: give it another.`,
      ],
      ['---\ndescription: D\ntools: 3\n---\nYou.', `${at}3 has no usable “tools”: give a list of names.`],
      ['---\n- a\n---\nYou.', `${at}1 has front matter that is no list of fields: write lines like “name: …”.`],
      // Each alias is ten of the one before; and lists as keys are written out again and again.
      [
        `---\ndescription: D\na0: &a0 [x]\n${Array.from({ length: 9 }, (_, at) => `a${at + 1}: &a${at + 1} [${Array(10).fill(`*a${at}`).join()}]`).join('\n')}\nkeywords: *a9\n---\nYou.`,
        `${at}1 has front matter that is more than a list of fields: write lines like “name: …”.`,
      ],
      [
        `---\ndescription: D\nx:\n  ${'? '.repeat(500)}\n---\nYou.`,
        `${at}1 has front matter that is more than a list of fields: write lines like “name: …”.`,
      ],
      [`---\ndescription: D\n---\n${'x'.repeat(MAX_ROLE_CHARACTERS)}`, `${at}1 is longer than 40,000 characters: shorten it.`],
    ];
    for (const [text, problem] of expected) {
      assert.deepEqual(said(text), [problem]);
      assert.equal(read(text).role, undefined);
    }
    assert.match(
      said('---\nname: x\ndescription: Use: it: so\n---\nYou.')[0] ?? '',
      /^error: .+:3 has front matter that is no YAML \(.+\): mend this line, or put its text in quotes\.$/,
    );
  });

  it('is there without what is not known here, which is noted', () => {
    const text = '---\ndescription: D\ntools: [edit, Teleport, WebSearch]\ncolour: red\n---\nYou.';
    assert.deepEqual(said(text), [
      'note: .weft/agents/mine.md:4 has a field “colour”, which a role does not have: use name, description, keywords, tools, model, pool.',
      'note: .weft/agents/mine.md:3 names the tool “Teleport”, which there is not here: it is left out.',
      'note: .weft/agents/mine.md:3 names the tool “WebSearch”, which there is not here: it is left out.',
    ]);
    assert.deepEqual(read(text).role?.tools, ['edit']);
  });

  it('of Claude Code is read as it is', () => {
    const text =
      '---\nname: code-reviewer\ndescription: Use this agent when: code was written. <example>user: "x"</example>\ntools: Read, Grep, Bash(git diff:*), mcp__github__create_issue, mcp__linear\nmodel: sonnet\ncolor: blue\n---\n\nYou review.\n';
    const { role, problems } = read(text, 'claude', 'code-reviewer.md');
    assert.deepEqual(problems, []);
    assert.deepEqual(
      [role?.name, role?.description, role?.tools, role?.model],
      ['code-reviewer', 'Use this agent when: code was written.', ['run', 'github/create_issue', 'linear/*'], 'claude-sonnet-5-5'],
    );
    const inherits = read(
      '---\nname: Data Scientist\ndescription: D\nmodel: inherit\ndisallowedTools: Write, mcp__x__y\n---\nYou.',
      'claude',
    ).role;
    assert.deepEqual([inherits?.name, inherits?.model, inherits?.tools], ['data-scientist', undefined, ['run', 'spawn']]);
    assert.deepEqual(said('# About these agents', 'claude'), ['aside: .claude/agents/mine.md:1 has no front matter, and so is no role.']);
  });

  it('of GitHub is read as it is', () => {
    const text =
      "---\nname: Test Specialist\ndescription: 'Focuses on tests'\ntools: ['read', 'search', 'edit/editFiles', 'execute/runInTerminal', 'my-server/*']\nmodel: GPT-5 (copilot)\nhandoffs: [{ label: x }]\n---\nYou test.";
    const { role, problems } = read(text, 'github', 'test-specialist.agent.md');
    assert.deepEqual(problems.map(problemText), [
      '.github/agents/test-specialist.agent.md:5 names the model “GPT-5 (copilot)”, which is not known here: the run’s is used.',
    ]);
    assert.deepEqual([role?.name, role?.tools, role?.model], ['test-specialist', ['edit', 'run', 'my-server/*'], undefined]);
    const bare = read(
      "---\ndescription: D\ntools: ['*']\nmodel: [Claude Haiku 4.5 (copilot), x]\n---\nYou.",
      'github',
      'planner.agent.md',
    ).role;
    assert.deepEqual([bare?.name, bare?.tools, bare?.model], ['planner', null, 'claude-haiku-4-5']);
  });

  it('never throws, and has a role or says why not', async () => {
    const lines = constantFrom(
      '---',
      'name: x',
      'description: D',
      'tools: [',
      'tools: {a: 1}',
      'model: [1]',
      '\t',
      '&a *a',
      '? x',
      'Text.',
      '!!js/function x',
    );
    await check(
      asyncProperty(constantFrom<Dialect>('weft', 'claude', 'github'), lines, lines, lines, string(), async (dialect, a, b, c, rest) => {
        const { role, problems } = read(['---', a, b, c, '---', rest].join('\n'), dialect);
        assert.ok(role !== undefined || problems.length > 0);
      }),
    );
  });
});

describe('the catalogue of roles', () => {
  const builtIn = fileOf('---\nname: coder\ndescription: Built in.\n---\nYou code.');
  const named = (dialect: Dialect, name: string, description: string, file = 'a.md') =>
    fileOf(`---\nname: ${name}\ndescription: ${description}\n---\nYou.`, dialect, file);

  it('has Weft’s own, each of which a run can do with', () => {
    const roles = builtInRoles();
    assert.deepEqual(
      forPlans(roles).map(({ name }) => name),
      [...BUILT_IN_ROLES].sort(),
    );
    for (const { description, keywords, instructions, tools, name } of roles) {
      assert.ok(description !== '' && keywords.length > 0 && instructions.length > 100);
      assert.deepEqual(tools, name === 'researcher' ? [] : null);
    }
  });

  it('has the workspace’s own before what others’ programs have there, and those before Weft’s', () => {
    const files = [
      named('weft', 'painter', 'Ours.'),
      named('claude', 'painter', 'Claude’s.'),
      named('github', 'painter', 'GitHub’s.'),
      named('claude', 'coder', 'Another.'),
    ];
    const { roles, problems } = catalogueOf([builtIn], files);
    assert.deepEqual(
      roles.map(({ name, description }) => [name, description]),
      [
        ['coder', 'Another.'],
        ['painter', 'Ours.'],
      ],
    );
    assert.deepEqual(problems, []);
  });

  it('keeps the engine’s own out of plans, and from being replaced', () => {
    const own = builtInRoles().find(({ name }) => name === 'arbiter');
    assert.equal(own?.forPlans, false);
    const arbiter: RoleFile = {
      ...fileOf('---\nname: arbiter\ndescription: D\nplans: false\n---\nYou decide.'),
      source: { kind: 'builtIn' },
    };
    const { roles, problems } = catalogueOf([builtIn, arbiter], [named('weft', 'arbiter', 'Mine.')]);
    assert.deepEqual(
      forPlans(roles).map(({ name }) => name),
      ['coder'],
    );
    assert.deepEqual(problems.map(problemText), ['.weft/agents/a.md:1 has the name “arbiter”, which is Weft’s own: give it another.']);
    // A workspace cannot make a role of its own one.
    assert.equal(read('---\ndescription: D\nplans: false\n---\nYou.').role?.forPlans, undefined);
  });

  it('goes on without a file that is broken, doubled or too much', () => {
    const { roles, problems } = catalogueOf(
      [builtIn],
      [fileOf('No role.'), named('weft', 'x', 'One.', 'one.md'), named('weft', 'x', 'Two.', 'two.md')],
    );
    assert.deepEqual(
      roles.map(({ description }) => description),
      ['Built in.', 'One.'],
    );
    assert.deepEqual(problems.map(problemText).slice(1), [
      '.weft/agents/two.md:1 has the name “x”, which .weft/agents/one.md has already: give it another.',
    ]);
    const many = Array.from({ length: MAX_ROLES }, (_, at) => named('weft', `r${at}`, 'One of many.', `${at}.md`));
    const full = catalogueOf([builtIn], many);
    assert.equal(full.roles.length, MAX_ROLES);
    assert.match(full.problems.map(problemText).join(), /^\.weft\/agents\/99\.md:1 is one role too many/);
  });
});
