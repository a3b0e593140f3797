/** Routing without a model: the words of a task say whose it is, and why. */
import assert from 'node:assert/strict';
import { assert as check, constantFrom, property, shuffledSubarray, string } from 'fast-check';
import type { RoleHead } from '../../src/domain/role';
import { routeTask } from '../../src/domain/routing';

const ROLES: readonly RoleHead[] = [
  { name: 'coder', description: 'Builds features.', keywords: ['implement', 'feature', 'refactor'] },
  { name: 'tester', description: 'Writes tests.', keywords: ['test', 'coverage', 'cover', 'spec'] },
  { name: 'docs', description: 'Writes documentation.', keywords: ['document', 'readme', 'changelog', 'md'] },
  { name: 'security', description: 'Closes what attackers use.', keywords: ['vulnerability', 'injection', 'auth', 'secret'] },
];

const route = (title: string, instructions = 'Do it.', writes: string[] = []) => routeTask({ title, instructions, writes }, ROLES);

describe('a task that names no role', () => {
  it('gets the role whose words are what it does', () => {
    const expected: [string, string, string][] = [
      ['Add tests for the cart', 'tester', '“tests” in its title'],
      ['Cover the cart', 'tester', '“cover” in its title'],
      ['Document the search', 'docs', '“document” in its title'],
      ['Update README', 'docs', '“readme” in its title'],
      ['Close the SQL injection in login', 'security', '“injection” in its title'],
      ['testCoverage of the parser', 'tester', '“test” in its title'],
    ];
    for (const [title, role, reason] of expected) assert.deepEqual(route(title), { role, reason }, title);
  });

  it('stays with who does everything where a word only comes along', () => {
    const none = { role: 'coder', reason: 'no word of it speaks for another role' };
    for (const title of ['Add a search with tests', 'Implement the feature', 'Move the cart', ''])
      assert.deepEqual(route(title), none, title);
    assert.deepEqual(
      route('Move the cart', 'Test it; write tests, a spec, coverage, and document it in the readme and the changelog.'),
      none,
    );
  });

  it('is known by what it writes, too', () => {
    assert.deepEqual(route('The cart', 'Write tests.', ['test/cart.spec.js']), {
      role: 'tester',
      reason: '“test” in what it is expected to write',
    });
  });

  it('has the role whose word comes first where two say as much', () => {
    assert.equal(route('Test and document the cart').role, 'tester');
    assert.equal(route('Document and test the cart').role, 'docs');
  });

  it('has a role that there is, the same each time and in whatever order the roles stand', async () => {
    const words = constantFrom('test', 'document', 'the', 'auth', 'cart', 'fix', 'coverage', 'readme', 'Ä-ö', '“', '');
    await check(
      property(words, words, words, string(), shuffledSubarray([...ROLES], { minLength: ROLES.length }), (a, b, c, said, shuffled) => {
        const task = { title: `${a} ${b} ${c}`, instructions: said };
        const found = routeTask(task, ROLES);
        assert.ok(ROLES.some(({ name }) => name === found.role));
        assert.deepEqual(routeTask(task, ROLES), found);
        // A tie is told by the task's own words, which are in one role's vocabulary each.
        assert.deepEqual(routeTask(task, shuffled), found);
      }),
    );
    assert.equal(routeTask({ title: 'x', instructions: 'x' }, []).role, 'coder');
  });
});
