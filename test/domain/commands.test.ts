/** Which commands may run that nobody has read: those of a rule, and nothing that a shell would make more of. */
import assert from 'node:assert/strict';
import { isAllowed, notAllowed } from '../../src/domain/commands';
import { planSchema } from '../../src/domain/plan';

describe('a rule for commands', () => {
  it('allows exactly its command', () => {
    assert.ok(isAllowed('npm test', ['make check', 'npm test']));
    for (const other of ['npm test ', 'npm tests', 'npm  test', 'xnpm test', 'npm test; rm -rf /', ''])
      assert.ok(!isAllowed(other, ['npm test']), other);
    assert.ok(!isAllowed('npm test', []));
    // Whatever the person wrote, they wrote it as it is.
    assert.ok(isAllowed('a && b > c', ['a && b > c']));
  });

  it('with a star allows words, paths and options, and nothing by which a shell begins another command', () => {
    const rules = ['npm run test:*', 'npx mocha *'];
    for (const fine of ['npm run test:unit', 'npm run test:unit -- --grep=a', 'npx mocha out/a.test.js ./b_c,d@e'])
      assert.ok(isAllowed(fine, rules), fine);
    const tricks = [
      ';',
      '&',
      '|',
      '<',
      '>',
      '$(x)',
      '`x`',
      '\n',
      '\r',
      '(x)',
      '{x}',
      "'x'",
      '"x"',
      '\\',
      '!',
      '#',
      '%0a;',
      '*',
      '?',
      '[x]',
    ];
    for (const trick of tricks) assert.equal(isAllowed(`npx mocha a${trick}b`, rules), trick === '%', JSON.stringify(trick));
    assert.ok(!isAllowed('npx rimraf /', rules));
  });

  it('takes what is special in a regular expression as it is written', () => {
    assert.ok(!isAllowed('npm run testXunit', ['npm run test.*']));
    assert.ok(isAllowed('go test ./...', ['go test ./...']));
    assert.ok(!isAllowed('go test xaaaa', ['go test ./...']));
  });
});

describe('the checks of a plan', () => {
  it('that no rule allows are told once each', () => {
    const task = (id: string, check?: string) => ({ id, title: id, instructions: 'x', ...(check === undefined ? {} : { check }) });
    const plan = planSchema.parse({ goal: 'g', check: 'npm test', tasks: [task('a', 'make a'), task('b', 'make a'), task('c')] });
    assert.deepEqual(notAllowed(plan, []), ['npm test', 'make a']);
    assert.deepEqual(notAllowed(plan, ['make *']), ['npm test']);
    assert.deepEqual(notAllowed(plan, ['make *', 'npm test']), []);
  });
});
