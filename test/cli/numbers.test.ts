/** The numbers that options and arguments take: plain decimal ones, and one message about what is none. */
import assert from 'node:assert/strict';
import { parseArguments } from '../../src/cli/arguments';

/** A call for each option that takes a number, with that number in the place of `N`, and one that it takes. */
const CALLS: Readonly<Record<string, { readonly call: string; readonly good: string }>> = {
  '--max-workers': { call: 'run p.json --max-workers=N', good: '128' },
  '--attempts': { call: 'run p.json --attempts=N', good: '10' },
  '--timeout': { call: 'run p.json --timeout=N', good: '604800' },
  '--pool coder': { call: 'run p.json --pool=coder=N', good: '3' },
  '--budget': { call: 'run p.json --budget=N', good: '0.5' },
  '--budget-tokens': { call: 'resume r --budget-tokens=N', good: '0' },
  '--answer-within': { call: 'retry r t --answer-within=N', good: '1' },
  '--keep': { call: 'snapshots --keep=N', good: '7' },
  '--hunk': { call: 'undo r t --file=a --hunk=N', good: '2' },
  'weft budget r': { call: 'budget r N', good: '.5' },
};
/** What JavaScript takes for numbers, and people do not; and numbers that fit nowhere. */
const BAD = ['0x10', '1e3', ' 5 ', '+5', '', ' ', '5.', '1,000', '$5', '٣', '1_000', 'NaN', 'Infinity', '9'.repeat(400)];

function said(option: string, number: string) {
  const { call = `${option.replace(/^weft /, '')} N` } = CALLS[option] ?? {};
  const read = parseArguments(call.split(' ').map((word) => (word === 'N' ? number : word.replace(/=N$/, () => `=${number}`))));
  return read.ok ? 'taken' : `${read.failure.message} ${read.failure.fix}`;
}

describe('the numbers of the command line', () => {
  for (const [option, { good }] of Object.entries(CALLS))
    it(`are read for ${option} as they are written in digits, and not otherwise`, () => {
      assert.equal(said(option, good), 'taken');
      for (const bad of BAD) {
        const whole = option.endsWith('budget') || option.startsWith('weft') ? 'number' : 'whole number';
        const start = `${option} “${bad}” is no ${whole} from `;
        assert.ok(said(option, bad).startsWith(start), `${start}…, and not: ${said(option, bad)}`);
      }
    });

  it('are refused by one message that says the range, a call that is right, and what else there is to know', () => {
    assert.deepEqual(
      [
        said('--max-workers', '129'),
        said('--timeout', '0'),
        said('--budget', '100000.5'),
        said('--budget-tokens', '1.5'),
        said('--keep', '0'),
      ],
      [
        '--max-workers “129” is no whole number from 1 to 128. Write it in digits alone, as in --max-workers 5; left out, it is 5.',
        '--timeout “0” is no whole number from 1 to 604,800. Write it in digits alone, as in --timeout 3600; it is in seconds, and left out, there is no limit.',
        '--budget “100000.5” is no number from 0 to 100,000. Write it in digits alone, as in --budget 5; 0 means no limit.',
        '--budget-tokens “1.5” is no whole number from 0 to 100,000,000,000. Write it in digits alone, as in --budget-tokens 500000; 0 means no limit.',
        '--keep “0” is no whole number from 1 on. Write it in digits alone, as in --keep 10; so many snapshots are kept.',
      ],
    );
    assert.equal(
      said('weft limit r --max-workers', '0'),
      '--max-workers “0” is no whole number from 1 to 128. Write it in digits alone, as in --max-workers 5; left out, it stays as it is.',
    );
    assert.equal(
      said('weft budget r', '0x10'),
      'weft budget r “0x10” is no number from 0 to 100,000. Write it in digits alone, as in weft budget r 5; 0 means no limit.',
    );
  });
});
