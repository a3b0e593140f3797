/** Many agents that land while the person edits and commits: nothing is lost, mixed or half. */
import assert from 'node:assert/strict';
import { commitAll, folderState, git, sandbox, treeState } from '../../support/sandbox';
import { stress, stressFiles, writeFiles, wrongFiles } from '../../support/stress';

describe('many landings beside a person who commits', () => {
  it('lose nothing of anybody, and leave no pack file for each', async function () {
    this.timeout(240_000);
    const box = await sandbox();
    const size = { agents: 8, changesets: 24 };
    writeFiles(box.root, stressFiles(size));
    commitAll(box.root);
    const { commits, expected, tip, landings } = await stress(box.root, size);
    assert.equal(landings.length, size.changesets);
    assert.deepEqual(wrongFiles(box.root, expected), []);
    assert.deepEqual(treeState(box.repo, tip), folderState(box.root));
    // The person's commits are theirs: as many as they made, and whole.
    assert.equal(git(box.root, 'rev-list', '--count', 'HEAD').trim(), String(commits + 1));
    assert.equal(git(box.root, 'fsck', '--strict', '--no-dangling').trim(), '');
    assert.match(git(box.root, 'count-objects', '-v'), /^packs: [0-3]$/m);
  });
});
