/** Transcripts on disk: what a crash can do to them, what stays out of them, and what they are worth afterwards. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Entry, standingAfter } from '../../../src/agent/transcript';
import { NO_USAGE } from '../../../src/domain/usage';
import { Transcripts, transcriptFile } from '../../../src/engine/journal/transcripts';
import { countingClock } from '../../support/clock';
import { failed, valued } from '../../support/result';
import { temporaryFolder } from '../../support/sandbox';

const begin: Entry = { type: 'begin', version: 1, base: 'c0', draft: null, keeps: false, message: null };
const told = (content: string): Entry => ({ type: 'told', content });
const call = (id: string, input: unknown) => ({ type: 'tool_use' as const, id, name: 'write_file', input });
const answer = (...content: ReturnType<typeof call>[]): Entry => ({
  type: 'answer',
  kind: 'whole',
  stop: 'tool_use',
  content,
  usage: NO_USAGE,
});
const result = (id: string, content: string): Entry => ({
  type: 'result',
  result: { type: 'tool_result', tool_use_id: id, content },
  draft: 'd1',
  reads: ['a.txt'],
});
const ALL: Entry[] = [begin, told('Do “ü”.\n'), answer(call('1', { path: 'a.txt' })), result('1', 'Made.'), { type: 'close', notes: [] }];

function transcripts(stateDir = temporaryFolder()) {
  return { stateDir, file: transcriptFile(stateDir, 'r1', 'a'), all: new Transcripts(stateDir, 'r1', countingClock()) };
}

describe('a transcript on disk', () => {
  it('gives back what was said, and is its user’s alone', () => {
    const { stateDir, file, all } = transcripts();
    assert.deepEqual(valued(all.read('a')), []);
    for (const entry of ALL) valued(all.append('a', entry));
    const entries = valued(new Transcripts(stateDir, 'r1', countingClock()).read('a')).map(
      ({ at: _, ...entry }: Entry & { at?: number }) => entry,
    );
    assert.deepEqual(entries, ALL);
    assert.deepEqual([statSync(file).mode & 0o777, statSync(dirname(file)).mode & 0o777], [0o600, 0o700]);
    assert.equal(file, join(stateDir, 'runs', 'r1', 'transcripts', 'a.jsonl'));
  });

  it('survives a crash at any byte: what was whole counts, and the next line stands by itself', () => {
    const { stateDir, file, all } = transcripts();
    for (const entry of ALL) valued(all.append('a', entry));
    const whole = readFileSync(file);
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(file, whole);
      truncateSync(file, length);
      const lines =
        whole
          .subarray(0, length + 1)
          .toString()
          .split('\n').length - 1;
      const next = new Transcripts(stateDir, 'r1', countingClock());
      const before = valued(next.read('a')).length;
      assert.equal(before, lines);
      valued(next.append('a', begin));
      assert.deepEqual(standingAfter(valued(next.read('a'))), standingAfter([begin]));
      assert.equal(valued(next.read('a')).length, before + 1);
    }
  });

  it('of a later version is refused by that', () => {
    const { file, all } = transcripts();
    valued(all.append('a', begin));
    writeFileSync(file, `${JSON.stringify({ ...begin, version: 2, at: 1 })}\n`);
    assert.deepEqual(failed(all.read('a')), {
      kind: 'file',
      message: `The transcript ${file} is of a later version of Weft (its format is 2, this one knows 1).`,
      fix: 'Go on with that version, or a newer one.',
    });
  });

  it('whose entries do not fit together is none', () => {
    for (const entries of [
      [told('Do it.')],
      [begin, result('1', 'Made.')],
      [...ALL.slice(0, 3), told('More.')],
      [...ALL.slice(0, 3), answer()],
    ])
      assert.equal(standingAfter(entries), undefined);
    assert.deepEqual(standingAfter([told('Do it.'), ...ALL]), standingAfter(ALL));
  });

  it('that cannot be written says where', () => {
    const { stateDir, file, all } = transcripts();
    mkdirSync(join(stateDir, 'runs', 'r1'), { recursive: true });
    writeFileSync(join(stateDir, 'runs', 'r1', 'transcripts'), 'a file where the folder should be');
    const failure = failed(all.append('a', begin));
    assert.equal(failure.kind, 'file');
    assert.ok(failure.message.startsWith(`The transcript ${file} cannot be written: `), failure.message);
  });

  it('holds no secret, and says which calls are not whole without it; who said it goes on from what was said', () => {
    const { stateDir, file, all } = transcripts();
    const key = `sk-ant-${'x1'.repeat(20)}`;
    const said = [begin, told(`Use ${key}.`), answer(call('1', { path: 'a' }), call('2', { path: '.env', content: `API_KEY=${key}\n` }))];
    for (const entry of said) valued(all.append('a', entry));
    const bare = (entries: readonly Entry[]) => JSON.parse(JSON.stringify(entries.map((entry) => ({ ...entry, at: undefined }))));
    assert.deepEqual(bare(valued(all.read('a'))), bare(said));
    assert.ok(!readFileSync(file, 'utf8').includes(key));
    const [, , left] = valued(new Transcripts(stateDir, 'r1', countingClock()).read('a'));
    assert.deepEqual(left?.type === 'answer' ? left.redacted : undefined, ['2']);
  });
});
