/** Ages and sizes as a person reads them. */
import assert from 'node:assert/strict';
import { budgetText } from '../../src/domain/budget';
import { ageText, counted, decimalIn, sizeText, tooLargeText } from '../../src/domain/figures';

describe('counts', () => {
  it('have the word for one thing where there is one, and thousands set apart', () => {
    const texts = [0, 1, 2, 12_345].map((count) => counted(count, 'task'));
    assert.deepEqual(texts, ['0 tasks', '1 task', '2 tasks', '12,345 tasks']);
    assert.deepEqual([counted(1, 'child', 'children'), counted(3, 'child', 'children')], ['1 child', '3 children']);
  });
});

describe('figures', () => {
  it('are read where they are written in digits, and not as JavaScript reads them', () => {
    assert.deepEqual(['0', '007', '12.50', '.5'].map(decimalIn), [0, 7, 12.5, 0.5]);
    const none = ['', ' ', ' 5', '5 ', '5\n', '5.', '.', '+5', '-5', '0x10', '1e3', '1,000', '1_000', '٣', 'NaN', 'Infinity'];
    assert.deepEqual(
      none.filter((text) => decimalIn(text) !== undefined),
      [],
    );
  });

  it('tell what may be spent, however little', () => {
    const said = [{ usd: 10 }, { usd: 0.01, tokens: 2000 }, { usd: 0.00123 }, { usd: 1e-9 }, { usd: 0 }, { tokens: 1 }, {}].map(budgetText);
    assert.deepEqual(said, ['$10.00', '$0.01 and 2,000 tokens', '$0.0012', '$0.000000001', '$0.00', '1 token', 'no limit']);
  });

  it('tell how long ago something was', () => {
    assert.deepEqual([-500, 5_000, 120_000, 7_300_000, 90_000_000, 999_000_000].map(ageText), [
      'just now',
      'just now',
      '2 min ago',
      '2 h ago',
      '1 day ago',
      '11 days ago',
    ]);
  });

  it('tell how much there is', () => {
    const MB = 1024 * 1024;
    assert.deepEqual([0, 1, 1024, 12_000, 1_000_000, 3.44 * MB, 45.5 * MB, 1.5 * 1024 * MB].map(sizeText), [
      '0 KB',
      '1 KB',
      '1 KB',
      '12 KB',
      '977 KB',
      '3.4 MB',
      '46 MB',
      '1.5 GB',
    ]);
  });

  it('name what is too large, and what to do', () => {
    const largest = [{ path: 'a.db', bytes: 9_000_000 }];
    assert.match(
      tooLargeText({ count: 1, bytes: 9_000_000, largest }),
      /^An ignored file is too large .*: a\.db \(8\.6 MB\)\. The limits are weft/,
    );
    assert.match(
      tooLargeText({ count: 3, bytes: 9_500_000, largest }),
      /^3 ignored files, 9\.1 MB together, are .*: a\.db \(8\.6 MB\) and 2 more\./,
    );
  });
});
