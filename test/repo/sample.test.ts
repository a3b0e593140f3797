/** A copy of the sample is a project like any other, and knows that it is a sample. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { copySample, isSample, SAMPLE_MODEL } from '../../src/repo/sample';
import { failed, valued } from '../support/result';
import { temporaryFolder } from '../support/sandbox';

const media = join(__dirname, '../../../media');
const git = (folder: string, ...args: string[]) => execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' });

describe('a copy of the sample', () => {
  it('is a repository with one commit and nothing left over', async () => {
    const folder = temporaryFolder();
    valued(await copySample(media, folder, SAMPLE_MODEL));
    assert.equal(git(folder, 'log', '--format=%an: %s'), 'Weft: The project as it began\n');
    assert.equal(git(folder, 'status', '--porcelain', '--branch'), '## main\n');
    assert.equal(readFileSync(join(folder, 'package.json'), 'utf8'), readFileSync(join(media, 'sample/package.json'), 'utf8'));
  });

  it('names the model that plays it, or leaves that to the person', async () => {
    const [played, own] = [temporaryFolder(), temporaryFolder()];
    valued(await copySample(media, played, SAMPLE_MODEL));
    valued(await copySample(media, own, undefined));
    const settings = (folder: string): unknown => JSON.parse(readFileSync(join(folder, '.vscode/settings.json'), 'utf8'));
    assert.deepEqual([settings(played), settings(own)], [{ 'weft.model': 'scripted:sample' }, {}]);
  });

  it('is known as one', async () => {
    const folder = temporaryFolder();
    assert.equal(await isSample(folder), false);
    valued(await copySample(media, folder, undefined));
    assert.equal(await isSample(folder), true);
  });

  it('cannot be made where there is no sample to copy', async () => {
    const folder = temporaryFolder();
    const failure = failed(await copySample(folder, join(folder, 'copy'), undefined));
    assert.equal(failure.kind, 'file');
    assert.equal(await isSample(join(folder, 'copy')), false);
  });
});
