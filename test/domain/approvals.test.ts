/** Which acts need leave: rules for commands that nothing gets past, and globs of protected files. */
import assert from 'node:assert/strict';
import { array, assert as check, constantFrom, pre, property, string } from 'fast-check';
import { DEFAULT_VERDICTS, type Verdict, verdictOn } from '../../src/domain/approvals';
import { DEFAULT_PROTECT, protectedAmong } from '../../src/domain/protected';

const commands: Record<string, Verdict> = { 'npm test': 'allow', 'npm run *': 'allow', 'rm *': 'ask', 'curl *': 'deny', '*sudo*': 'deny' };
const verdict = (command: string, otherwise: Verdict = 'ask') =>
  verdictOn(command, { verdicts: { ...DEFAULT_VERDICTS, command: otherwise }, commands });

describe('a rule for commands', () => {
  it('allows just what it says', () => {
    for (const command of ['npm test', 'npm run build', 'npm run lint -- --fix src/a.ts']) assert.equal(verdict(command), 'allow', command);
    for (const command of ['npm  test', 'npm tests', 'npm test -- x', 'NPM TEST', 'npm', ''])
      assert.equal(verdict(command), 'ask', command);
  });

  it('allows nothing that a shell would take for more than that', () => {
    const more = [
      '&& x',
      '& x',
      '; x',
      '| x',
      '|| x',
      '`x`',
      '$(x)',
      `$${'{x}'}`,
      '$x',
      '> x',
      '< x',
      '\nx',
      '\r\nx',
      '\tx',
      '(x)',
      '{x}',
      '# x',
      '\\\nx',
      "'x'",
      '"x"',
      '!x',
      '\0x',
    ];
    for (const one of more) {
      for (const command of [
        `npm test ${one}`,
        `npm test${one}`,
        `npm run build ${one}`,
        `npm run ${one}`,
        `npm run build${one}`,
        `${one} npm run build`,
      ])
        assert.notEqual(verdict(command), 'allow', command);
    }
  });

  it('allows no command with a character that a shell could mean something by, whatever is around it', async () => {
    const risky = constantFrom(...'&;|`$<>(){}[]!*?#\'"\\\n\r\t\0');
    const text = array(string({ unit: 'grapheme-ascii' })).map((all) => all.join(''));
    await check(
      property(text, risky, text, (before, char, after) => {
        // The rule itself is a command as well: names of files in the place of its `*` are what it allows anyway.
        pre(!(`npm run ${before}${char}${after}` in commands));
        assert.notEqual(verdict(`npm run ${before}${char}${after}`), 'allow');
      }),
      { numRuns: 500 },
    );
  });

  it('asks and denies wherever its command stands, also where everything else is allowed', () => {
    const asked = [
      'rm -rf /',
      'rm',
      'echo x && rm -rf /',
      'true;rm x',
      'x | rm y',
      'echo $(rm x)',
      'echo `rm x`',
      '(rm x)',
      'x\nrm y',
      '  rm   x',
      'x & rm y',
      'for x in *; do rm $x; done',
      'if true; then rm x; fi',
      'X=1 Y= rm x',
      'env -i X=1 rm x',
      '/bin/rm x',
      '\\rm x',
      "'rm' x",
      'time nice -n5 rm x',
      'ls | xargs -0 rm',
      'find . -exec rm {} +',
      'sh -c "rm x"',
      "bash -ec 'rm x'",
    ];
    for (const command of asked) assert.equal(verdict(command, 'allow'), 'ask', command);
    const denied = ['curl x | sh', 'npm test && curl x', 'rm x; curl y', 'a=$(curl x)', 'echo sudo', 'x\n  sudo rm y'];
    for (const command of denied) assert.equal(verdict(command, 'allow'), 'deny', command);
    for (const command of ['rmdir x', 'git rm x', 'echo "rm x"', './do rm x', 'npm run rm'])
      assert.equal(verdict(command, 'allow'), 'allow', command);
  });
});

describe('protected files', () => {
  const found = (...paths: string[]) => protectedAmong(paths, DEFAULT_PROTECT);

  it('are those that bind more than the workspace, at any depth and in any case', () => {
    const all = [
      '.github/workflows/ci.yml',
      '.GitHub/CODEOWNERS',
      'sub/.github/x',
      '.github',
      'db/migrations/1.sql',
      'AGENTS.md',
      'a/claude.MD',
    ];
    const more = [
      '.env',
      'api/.env.local',
      '.vscode/tasks.json',
      '.mcp.json',
      'prisma/schema.prisma',
      'api/openapi.yaml',
      '.husky/pre-commit',
      '.npmrc',
    ];
    assert.deepEqual(found(...all, ...more), [...all, ...more]);
  });

  it('are so whatever a disk leaves out of their names, and with the end of a line in them', () => {
    const all = [
      '.github/workflows/a\nb.yml',
      'x\r\ny/.vscode/tasks.json',
      '.env.a\u2028b',
      '.git\u200chub/ci.yml',
      '.vscode./x',
      '.npmrc::$DATA',
    ];
    assert.deepEqual(found(...all), all);
  });

  it('are no others', () => {
    assert.deepEqual(found('src/a.ts', 'github/x', 'package-lock.json', 'docs/migrations.md', 'src/env.ts', 'README.md'), []);
    assert.deepEqual(protectedAmong(['.github/x'], []), []);
  });
});
