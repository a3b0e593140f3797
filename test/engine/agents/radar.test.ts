/** The radar: which drafts will not fit together, while their agents work. */
import assert from 'node:assert/strict';
import type { Clash } from '../../../src/engine/agents/radar';
import { conflictsOf } from '../../../src/repo/draft/pairs';
import { changesetOf, type Edits, type Held } from '../../support/gatedWorker';
import { valued } from '../../support/result';
import { type Rig, rig } from '../../support/run';
import { folderState, git, put, sandbox, treeState } from '../../support/sandbox';

const lines = (...all: string[]) => `${all.join('\n')}\n`;
const LONG = lines('one', 'two', 'three', 'four', 'five', 'six', 'seven');

/** The agent's draft now holds these changes. */
async function drafts(box: Rig, agent: Held, edits: Edits): Promise<void> {
  const { commit, changes } = await changesetOf(box.repo, agent.job.base, edits);
  agent.report({ type: 'draft', commit: commit ?? agent.job.base, changes });
}

/** Resolves when the radar shows just this. */
function shows(box: Rig, wanted: readonly Clash[]): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const { clashes, problem } = box.run.live.state;
      assert.equal(problem, undefined);
      if (JSON.stringify(clashes) !== JSON.stringify(wanted)) return;
      unlisten();
      resolve();
    };
    const unlisten = box.run.live.listen(look);
    look();
  });
}

describe('the radar', () => {
  it('marks two agents that will be in conflict, with the files, as it arises, and no more when it is over', async () => {
    const box = await rig({ 'a.txt': LONG, 'b.txt': LONG }, { a: [], b: [], c: [] });
    const [a, b, c] = [await box.agents.agent('a'), await box.agents.agent('b'), await box.agents.agent('c')];
    await drafts(box, a, { 'a.txt': LONG.replace('one', 'ONE'), 'b.txt': LONG.replace('two', 'a') });
    await drafts(box, b, { 'a.txt': LONG.replace('seven', 'SEVEN'), 'b.txt': LONG.replace('two', 'b') });
    await drafts(box, c, { 'c.txt': 'new\n' });
    await shows(box, [{ task: 'a', with: 'b', files: ['b.txt'] }]);
    const before = git(box.root, 'for-each-ref');
    await drafts(box, b, { 'a.txt': LONG.replace('seven', 'SEVEN') });
    await shows(box, []);
    // It looks, and leaves nothing behind.
    assert.equal(git(box.root, 'for-each-ref'), before);
    assert.deepEqual(folderState(box.root), { 'a.txt': `file ${LONG}`, 'b.txt': `file ${LONG}` });
    box.run.stop();
    valued(await box.ended);
  });

  it('marks what the person types, saved or not, against an agent', async () => {
    const box = await rig({ 'a.txt': LONG, 'b.txt': LONG }, { a: [] });
    const a = await box.agents.agent('a');
    await drafts(box, a, { 'a.txt': LONG.replace('one', 'agent'), 'b.txt': LONG.replace('one', 'agent') });
    put(box.root, 'a.txt', LONG.replace('one', 'saved'));
    box.workspace.buffers.set('b.txt', LONG.replace('one', 'typed'));
    box.run.live.stir();
    await shows(box, [{ task: 'a', with: null, files: ['a.txt', 'b.txt'] }]);
    box.workspace.buffers.delete('b.txt');
    box.run.live.stir();
    await shows(box, [{ task: 'a', with: null, files: ['a.txt'] }]);
    put(box.root, 'a.txt', LONG.replace('seven', 'saved'));
    box.run.live.stir();
    await shows(box, []);
    box.run.stop();
    valued(await box.ended);
  });

  it('marks an agent against what landed meanwhile, and forgets one that is no longer at work', async () => {
    const box = await rig({ 'a.txt': LONG }, { a: [], b: [] });
    const [a, b] = [await box.agents.agent('a'), await box.agents.agent('b')];
    await drafts(box, a, { 'a.txt': LONG.replace('one', 'a') });
    await drafts(box, b, { 'a.txt': LONG.replace('one', 'b') });
    await shows(box, [{ task: 'a', with: 'b', files: ['a.txt'] }]);
    await a.finish({ 'a.txt': LONG.replace('one', 'a') });
    await shows(box, [{ task: 'b', with: null, files: ['a.txt'] }]);
    await b.fail();
    await shows(box, []);
    valued(await box.ended);
  });

  it('sees files where folders are, renames, and deletions against edits', async () => {
    const box = await rig({ 'x.txt': LONG, 'old/a.txt': LONG, 'old/b.txt': lines(...LONG.split('\n').reverse()) }, { a: [], b: [] });
    const [a, b] = [await box.agents.agent('a'), await box.agents.agent('b')];
    await drafts(box, a, { 'x.txt': null, place: 'a file\n' });
    await drafts(box, b, { 'x.txt': LONG.replace('one', 'b'), 'place/in.txt': 'in a folder\n' });
    const [clash] = await new Promise<readonly Clash[]>((resolve) => {
      box.run.live.listen(() => {
        if (box.run.live.state.clashes.length > 0) resolve(box.run.live.state.clashes);
      });
    });
    assert.equal(clash?.files.includes('x.txt'), true);
    assert.equal(
      clash?.files.some((path) => path.startsWith('place')),
      true,
    );
    // Moved on one side, edited on the other: git merges that.
    await drafts(box, a, { 'old/a.txt': null, 'new/a.txt': LONG });
    await drafts(box, b, { 'old/a.txt': LONG.replace('one', 'b') });
    await shows(box, []);
    box.run.stop();
    valued(await box.ended);
  });
});

describe('pairs of commits', () => {
  it('are merged by their history, each pair for itself', async () => {
    const { root, repo } = await sandbox({ 'a.txt': LONG, 'with\nbreak.txt': LONG });
    const base = git(root, 'rev-parse', 'HEAD').trim();
    const commitOf = async (edits: Edits, from = base) => (await changesetOf(repo, from, edits)).commit ?? '';
    const a = await commitOf({ 'a.txt': LONG.replace('one', 'a'), 'with\nbreak.txt': LONG.replace('one', 'a') });
    const b = await commitOf({ 'a.txt': LONG.replace('one', 'b'), 'with\nbreak.txt': LONG.replace('one', 'b') });
    const c = await commitOf({ 'a.txt': LONG.replace('seven', 'c') });
    // Later on the same line, but on top of the other: nothing is in conflict.
    const onA = await commitOf({ 'a.txt': LONG.replace('one', 'a and more') }, a);
    const found = valued(
      await conflictsOf(repo, [
        [a, b],
        [a, c],
        [onA, a],
        [onA, b],
      ]),
    );
    assert.deepEqual(found, [['a.txt', 'with\nbreak.txt'], [], [], ['a.txt', 'with\nbreak.txt']]);
    assert.deepEqual(Object.keys(treeState(repo, base)), ['a.txt', 'with\nbreak.txt']);
    assert.deepEqual(valued(await conflictsOf(repo, [])), []);
  });
});
