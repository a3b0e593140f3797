/** A child's changes in its parent's draft: what contradicts each other stands there so that an agent can decide it. */
import assert from 'node:assert/strict';
import { isUndecided, joinTrees } from '../../../src/repo/draft/joining';
import { buildCommit, type Put } from '../../../src/repo/trees';
import { valued } from '../../support/result';
import { type Sandbox, sandbox, treeState } from '../../support/sandbox';

type Contents = Readonly<Record<string, string | { readonly link: string }>>;

async function commitOf({ repo }: Sandbox, files: Contents, ...parents: string[]): Promise<string> {
  const puts = Object.entries(files).map(([path, file]): [string, Put] => [
    path,
    typeof file === 'string' ? { mode: '100644', bytes: Buffer.from(file, 'latin1') } : { mode: '120000', bytes: Buffer.from(file.link) },
  ]);
  return valued(await buildCommit(repo, { from: undefined, puts: new Map(puts), parents, message: 'Files' }));
}

/** What comes of two changes of the same files. */
async function joined(base: Contents, ours: Contents, theirs: Contents) {
  const box = await sandbox({});
  const from = await commitOf(box, base);
  const [mine, yours] = [await commitOf(box, ours, from), await commitOf(box, theirs, from)];
  const child = { name: 'x', title: 'Part\nx' };
  const { tree, conflicts } = valued(await joinTrees(box.repo, { base: from, ours: mine, theirs: yours, child }));
  return { files: treeState(box.repo, tree), conflicts };
}

const LINES = '1\n2\n3\n4\n5\n6\n7\n8\n';

describe('a child that joins its parent’s draft', () => {
  it('is merged into it where the two fit', async () => {
    const { files, conflicts } = await joined({ a: LINES }, { a: `mine\n${LINES}` }, { a: `${LINES}theirs\n`, b: 'b\n' });
    assert.deepEqual([files, conflicts], [{ a: `file mine\n${LINES}theirs\n`, b: 'file b\n' }, []]);
  });

  it('leaves both versions of the same lines, by names that an agent knows, and every other byte as it is', async () => {
    const { files, conflicts } = await joined(
      { a: 'caf\xe9\none\n' },
      { a: 'caf\xe9\nours\n', n: '1\n' },
      { a: 'caf\xe9\ntheirs\n', n: '2\n' },
    );
    const [from, to] = ['<<<<<<< your draft and its siblings', '>>>>>>> the part “Part x”'];
    assert.deepEqual(conflicts, [
      { path: 'a', stands: 'both' },
      { path: 'n', stands: 'both' },
    ]);
    const n = `${from}\n1\n=======\n2\n${to}\n`;
    const a = Buffer.concat([Buffer.from('caf\xe9\n', 'latin1'), Buffer.from(`${from}\nours\n=======\ntheirs\n${to}\n`)]);
    assert.deepEqual(files, { a: `file ${a.toString('hex')}`, n: `file ${n}` });
    for (const text of [n, `a\n${to}\n`, `${from}\n`]) assert.equal(isUndecided(Buffer.from(text)), true);
    for (const text of ['', 'Title\n=======\n', '<<<<<<< HEAD\n', ` ${from}`]) assert.equal(isUndecided(Buffer.from(text)), false);
  });

  it('says what stands where the two cannot be merged as text, and puts its version beside a file of which there are two', async () => {
    const base = { bin: 'x\0y', gone: 'g\n', left: 'l\n', from: LINES, link: { link: 'a' }, spot: 'f\n' };
    const ours = { bin: 'x\0o', 'bin~part-x': 'taken\n', gone: 'g2\n', mine: LINES, link: { link: 'b' }, 'spot/in': 'in\n' };
    const theirs = { bin: 'x\0t', left: 'l2\n', yours: LINES, link: { link: 'c' }, spot: 'f2\n' };
    const { files, conflicts } = await joined(base, ours, theirs);
    assert.deepEqual(conflicts, [
      { path: 'bin', stands: 'draft', beside: 'bin~part-x-2' },
      { path: 'from', stands: 'nothing' },
      { path: 'gone', stands: 'childDeleted' },
      { path: 'left', stands: 'draftDeleted' },
      { path: 'link', stands: 'draft', beside: 'link~part-x' },
      { path: 'mine', stands: 'renamed' },
      { path: 'spot~x', stands: 'draftDeleted' },
      { path: 'yours', stands: 'renamed' },
    ]);
    assert.deepEqual(files, {
      bin: 'file 78006f',
      'bin~part-x': 'file taken\n',
      'bin~part-x-2': 'file 780074',
      gone: 'file g2\n',
      left: 'file l2\n',
      link: 'link b',
      'link~part-x': 'link c',
      mine: `file ${LINES}`,
      'spot/in': 'file in\n',
      'spot~x': 'file f2\n',
      yours: `file ${LINES}`,
    });
  });
});
