/** What a command made of a draft: taken over as far as an agent could have done it itself. */
import assert from 'node:assert/strict';
import { systemClock } from '../../../src/domain/clock';
import { ok } from '../../../src/domain/failure';
import { runCommand } from '../../../src/repo/commands/command';
import { folderPool } from '../../../src/repo/commands/folderPool';
import { Draft } from '../../../src/repo/draft/draft';
import { type Made, madeOf } from '../../../src/repo/draft/made';
import { NEVER, valued } from '../../support/result';
import { type Files, git, type Sandbox, sandbox, treeState } from '../../support/sandbox';
import { skipFor } from '../../support/skip';

async function made(box: Sandbox, command: string): Promise<Made> {
  const draft = git(box.root, 'rev-parse', 'HEAD').trim();
  const pool = folderPool(box.repo, { link: [], most: 1, quotaBytes: 1e9 }, systemClock);
  const tree = valued(
    await pool.use({ tree: draft }, NEVER, async (folder) => {
      const end = valued(await runCommand(folder, command, { timeoutMs: 60_000 }, NEVER));
      assert.equal(end.exitCode, 0, end.output);
      const now = await folder.treeNow(NEVER);
      return now.ok ? ok(now.value) : now;
    }),
  );
  return valued(await madeOf(box.repo, { draft, tree, title: 'Made' }));
}

const FILES: Files = { '.gitignore': 'dist/\n', 'a.txt': 'a\n', 'gone.txt': 'x\n', 'run.sh': 'echo\n' };

describe('what a command made', () => {
  before(function () {
    if (process.platform === 'win32') skipFor(this, 'the commands are those of a POSIX shell');
  });

  it('is a commit on top of the draft, which the draft takes over', async () => {
    const box = await sandbox(FILES);
    const { commit, paths, left } = await made(
      box,
      'echo b >> a.txt; rm gone.txt; chmod +x run.sh; mkdir -p new/deep dist; echo n > new/deep/n.txt; echo o > dist/out.js; ln -s ../a.txt new/link',
    );
    assert.deepEqual([paths, left], [['a.txt', 'gone.txt', 'new/deep/n.txt', 'new/link', 'run.sh'], []]);
    const head = git(box.root, 'rev-parse', 'HEAD').trim();
    assert.ok(commit !== undefined);
    assert.equal(git(box.root, 'rev-parse', `${commit}^`).trim(), head);
    const draft = new Draft(box.repo, head);
    valued(await draft.adopt(commit, []));
    assert.deepEqual(treeState(box.repo, valued(await draft.now()).commit), {
      '.gitignore': 'file dist/\n',
      'a.txt': 'file a\nb\n',
      'new/deep/n.txt': 'file n\n',
      'new/link': 'link ../a.txt',
      'run.sh': 'run echo\n',
    });
  });

  it('is nothing where it changed nothing that git sees', async () => {
    const box = await sandbox(FILES);
    assert.deepEqual(await made(box, 'mkdir dist; echo o > dist/out.js; touch a.txt'), { commit: undefined, paths: [], left: [] });
  });

  it('has nothing that binds agents, leads out, or is a repository of its own; the rest is taken over', async () => {
    const settings = '{"weft.commands.allow": ["*"]}';
    const box = await sandbox({ ...FILES, '.gitattributes': '*.bin binary\n' });
    const { commit, paths, left } = await made(
      box,
      `mkdir .vscode sub; echo '${settings}' > .vscode/settings.json; echo '*.txt merge=ours' >> .gitattributes; ln -s /etc/passwd out; ln -s ../../up sub/up; ln -s .git/config conf; ln -s . here
       git init --quiet nested; cd nested; git -c user.name=a -c user.email=a@a commit --quiet --allow-empty -m x; cd ..; touch nested/file; echo c > c.txt`,
    );
    assert.deepEqual(paths, ['c.txt', 'here']);
    assert.ok(commit !== undefined);
    assert.deepEqual(treeState(box.repo, commit), {
      '.gitattributes': 'file *.bin binary\n',
      '.gitignore': 'file dist/\n',
      'a.txt': 'file a\n',
      'c.txt': 'file c\n',
      'gone.txt': 'file x\n',
      here: 'link .',
      'run.sh': 'file echo\n',
    });
    const out = 'It is a link that leads out of the workspace. Make it a file.';
    assert.deepEqual(left, [
      '.gitattributes: .gitattributes would change how git merges or filters files, which is the person’s alone to say. Leave its lines with merge=, filter= or [attr] as they are; say in your summary what should be set.',
      '.vscode/settings.json: .vscode/settings.json would change settings of Weft (weft.…), which are the person’s alone. Leave these as they are; say in your summary what should be set.',
      `conf: ${out}`,
      'nested: It is a git repository of its own. Leave it out, or delete its .git folder.',
      `out: ${out}`,
      `sub/up: ${out}`,
    ]);
  });

  it('is not taken over where it is more than a draft should hold', async () => {
    const many = await made(await sandbox(FILES), 'mkdir m; cd m; seq 2001 | xargs touch');
    assert.deepEqual(many, {
      commit: undefined,
      paths: [],
      left: [
        'It changed 2,001 files, and at most 2,000 can be taken over. Nothing of what it changed is in your draft. Have it write into a folder that git ignores.',
      ],
    });
    const large = await made(await sandbox(FILES), 'head -c 34000000 /dev/zero > large.bin');
    assert.match(large.left[0] ?? '', /^It wrote 32 MB, and at most 32 MB can be taken over\. /);
    assert.equal(large.commit, undefined);
  });
});
