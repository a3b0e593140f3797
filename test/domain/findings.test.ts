/** Findings: the lines of a summary that a program reads, whatever a model puts around them. */
import assert from 'node:assert/strict';
import { array, assert as check, constantFrom, integer, option, property, record } from 'fast-check';
import { type Finding, findingsOf, findingText, SEVERITIES } from '../../src/domain/findings';

describe('the findings of a summary', () => {
  it('are its lines of a severity, a place and a text, the worst first', () => {
    const summary = [
      'I read src/ and found three things.',
      'LOW src/z.ts:3 — the name says the opposite. Rename it.',
      '- **HIGH** `src/a.ts:12` — any caller can pass “..”. Check the path first.',
      '2. CRITICAL: src/db.ts:40-44 - the query is put together from the input.',
      '* [MEDIUM] docs/my file.md – it describes a flag that is gone.\r',
      'HIGH time: nothing — is a finding of a file called “time: nothing”? No: it has no place.',
      'high src/b.ts:1 — is written small.',
      'LOW src/z.ts:3 — the name says the opposite. Rename it.',
      'HIGH ../../etc/passwd:1 — leads out.',
      'Nothing else is HIGH src/c.ts:1 — here.',
    ].join('\n');
    assert.deepEqual(findingsOf(summary), [
      { severity: 'CRITICAL', path: 'src/db.ts', line: 40, text: 'the query is put together from the input.' },
      { severity: 'HIGH', path: 'src/a.ts', line: 12, text: 'any caller can pass “..”. Check the path first.' },
      { severity: 'HIGH', path: 'time: nothing', line: null, text: 'is a finding of a file called “time: nothing”? No: it has no place.' },
      { severity: 'MEDIUM', path: 'docs/my file.md', line: null, text: 'it describes a flag that is gone.' },
      { severity: 'LOW', path: 'src/z.ts', line: 3, text: 'the name says the opposite. Rename it.' },
    ]);
    assert.deepEqual(findingsOf(''), []);
  });

  it('come back from their text', async () => {
    const finding = record({
      severity: constantFrom(...SEVERITIES),
      path: constantFrom('a.ts', 'src/b c.ts', 'src/x-y.ts', 'ä/ö.md'),
      line: option(integer({ min: 1, max: 1_000_000 })),
      text: constantFrom('It is wrong.', 'a — b', 'x: y'),
    });
    await check(
      property(array(finding, { maxLength: 8 }), (found) => {
        const findings = found.map((one): Finding => ({ ...one }));
        const text = findings.map(findingText).join('\n');
        const unique = [...new Map(findings.map((one) => [JSON.stringify(one), one])).values()];
        assert.deepEqual(
          findingsOf(text),
          unique.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity)),
        );
      }),
    );
  });

  it('are found in no more time than a long text takes to read', () => {
    const begun = performance.now();
    findingsOf(`HIGH ${'a '.repeat(200_000)}\n`.repeat(3));
    assert.ok(performance.now() - begun < 2_000);
  });
});
