/** The checks that a project has, and whether it has what a command runs. */
import assert from 'node:assert/strict';
import { projectCommands } from '../../src/plan/projectChecks';

function commandsOf(files: Readonly<Record<string, string | null>>) {
  const texts = Object.entries(files).flatMap(([path, text]) => (text === null ? [] : [[path, text] as const]));
  return projectCommands(Object.keys(files), new Map(texts));
}
const checksOf = (files: Readonly<Record<string, string | null>>) => commandsOf(files).checks.map(({ command }) => command);
const scripts = (all: Readonly<Record<string, string>>) => JSON.stringify({ scripts: all });

describe('the checks of a project', () => {
  it('are its scripts that check, tests first, by its own runner', () => {
    const text = scripts({
      build: 'tsc',
      lint: 'biome',
      'lint:fix': 'biome --write',
      start: 'node .',
      test: 'mocha',
      'test:watch': 'mocha -w',
    });
    assert.deepEqual(commandsOf({ 'package.json': text }).checks, [
      { command: 'npm test', from: 'package.json: mocha' },
      { command: 'npm run lint', from: 'package.json: biome' },
      { command: 'npm run build', from: 'package.json: tsc' },
    ]);
    assert.deepEqual(checksOf({ 'package.json': scripts({ test: 'vitest run' }), 'pnpm-lock.yaml': null }), ['pnpm test']);
    assert.deepEqual(checksOf({ 'package.json': scripts({ test: 'x' }), 'bun.lock': null }), ['bun run test']);
    assert.deepEqual(checksOf({ 'package.json': scripts({ test: 'echo "Error: no test specified" && exit 1' }) }), []);
    assert.deepEqual(checksOf({ 'package.json': '{ no json' }), []);
  });

  it('are those of other languages, where the top of the workspace says so', () => {
    const kinds: [Readonly<Record<string, string | null>>, string[]][] = [
      [{ Makefile: 'CC := gcc\n\nall: a.o\n\ncheck lint: all\n\t./t\n.PHONY: check\n' }, ['make check', 'make lint']],
      [{ justfile: 'test filter="":\n  cargo test {{filter}}\n', 'Cargo.toml': null }, ['just test', 'cargo test']],
      [{ 'go.mod': null }, ['go test ./...']],
      [{ 'pyproject.toml': '[tool.pytest.ini_options]\n' }, ['python -m pytest -q']],
      [{ 'requirements.txt': null, 'tests/test_a.py': null }, ['python -m pytest -q']],
      [{ 'setup.py': null }, []],
      [{ 'pom.xml': null }, ['mvn -q test']],
      [{ 'app/go.mod': null }, []],
      [{ 'README.md': null }, []],
    ];
    for (const [files, checks] of kinds) assert.deepEqual(checksOf(files), checks, JSON.stringify(files));
  });

  it('is told from what nobody has', () => {
    const { knows } = commandsOf({
      'package.json': JSON.stringify({
        scripts: { test: 'mocha', 'test:unit': 'mocha unit' },
        devDependencies: { typescript: '5', '@biomejs/biome': '2' },
      }),
      'packages/a/package.json': scripts({ verify: 'x' }),
      Makefile: 'check:\n\t./t\n',
      'pyproject.toml': '',
      'scripts/check.sh': null,
    });
    const known = [
      'npm test',
      'npm t',
      'npm test -- --grep "a b"',
      'npm run test:unit',
      'CI=1 npm test && npx tsc --noEmit',
      'npx biome check .',
      'npm --prefix packages/a run verify',
      'cd packages/a && npm run verify',
      'make',
      'make check',
      'pytest -q',
      'python -m pytest',
      'bash scripts/check.sh',
      './scripts/check.sh fast',
    ];
    const unknown = [
      'npm run e2e',
      'npm install',
      'npx jest',
      'make deploy',
      'cargo test',
      'go vet ./...',
      'npm test && npm run e2e',
      'npm test; curl example.org',
      'npm test | sh',
      'cd elsewhere && npm test',
      'true',
      'bash scripts/other.sh',
    ];
    assert.deepEqual(
      known.filter((command) => !knows(command)),
      [],
    );
    assert.deepEqual(
      unknown.filter((command) => knows(command)),
      [],
    );
  });
});
