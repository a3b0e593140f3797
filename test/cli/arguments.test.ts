/** What the command line says of calls that it cannot take, and how each command is called. */
import assert from 'node:assert/strict';
import { parseArguments } from '../../src/cli/arguments';
import { nearest } from '../../src/cli/nearest';
import { MOST } from '../../src/cli/options';
import { USAGE, usageOf } from '../../src/cli/usage';

const HELP = 'Run “weft --help” for how to call it.';

function said(call: string): string {
  const parsed = parseArguments(call.split(' '));
  return parsed.ok ? JSON.stringify(parsed.value.command) : `${parsed.failure.message} ${parsed.failure.fix}`;
}

describe('a call that is mistyped', () => {
  it('is told what may have been meant', () => {
    assert.deepEqual(
      ['run p --max-worker 3', 'run p --fallback x', 'undo r --hank 1', 'runs --keep-lesson', 'run p --fast', 'sumary r', 'fly'].map(said),
      [
        `Unknown option '--max-worker'. Did you mean --max-workers? ${HELP}`,
        `Unknown option '--fallback'. Did you mean --fallback-model? ${HELP}`,
        `Unknown option '--hank'. Did you mean --hunk? ${HELP}`,
        `Unknown option '--keep-lesson'. ${HELP}`,
        `Unknown option '--fast'. ${HELP}`,
        `There is no command “sumary”. Did you mean weft summary? ${HELP}`,
        `There is no command “fly”. ${HELP}`,
      ],
    );
  });

  it('is told a name that begins so where there is one, else the one that is fewest slips away', () => {
    const names = ['budget', 'budget-tokens', 'attempts', 'set'];
    assert.deepEqual(
      ['budget-t', 'bud', 'budgte', 'atemps', 'a', 'sed', 'st', 'timeout', ''].map((typed) => nearest(typed, names)),
      ['budget-tokens', undefined, 'budget', 'attempts', undefined, 'set', 'set', undefined, undefined],
    );
  });
});

describe('an option that is given twice', () => {
  it('is refused where one of two values would be lost, and taken where there may be several', () => {
    assert.equal(said('run p --budget 5 --budget=6'), '--budget is given twice. Give it once.');
    assert.match(said('run p --pool coder=1 --pool docs=2 --json --json'), /"pools":\{"coder":1,"docs":2\}/);
  });
});

describe('the help of a command', () => {
  it('is what is said of it among all, whichever way it is asked for', () => {
    for (const command of Object.keys(MOST)) {
      const [first = '', ...rest] = usageOf(command).split('\n');
      assert.ok(first.startsWith(`  weft ${command} `), command);
      assert.ok(USAGE.includes([first, ...rest].slice(0, -3).join('\n')), command);
      assert.equal(rest.filter((line) => line.startsWith('  weft ')).length, 0, command);
      assert.equal(said(`${command} --help`), JSON.stringify({ kind: 'help', of: command }));
      assert.equal(said(`help ${command}`), JSON.stringify({ kind: 'help', of: command }));
    }
    assert.equal(usageOf(undefined), USAGE);
    assert.doesNotMatch(USAGE, /as above/);
    assert.equal(said('help fly'), `There is no command “fly”. ${HELP}`);
    assert.deepEqual([said('help'), said('--help')], Array(2).fill(JSON.stringify({ kind: 'help' })));
  });
});
