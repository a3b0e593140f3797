/** What a process of agents may send that no tool of theirs would: its host looks for itself. */
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_VERDICTS } from '../../src/domain/approvals';
import { failureText, ok } from '../../src/domain/failure';
import { DEFAULT_PROTECT } from '../../src/domain/protected';
import { Draft } from '../../src/repo/draft/draft';
import { failed, valued } from '../support/result';
import { rigIn } from '../support/run';
import { put, sandbox, temporaryFolder } from '../support/sandbox';

describe('an agent that asks what the editor says', () => {
  it('is told of files of its draft alone, whatever its process sends', async () => {
    const box = await sandbox({ 'a.txt': 'a\n', 'sub/b.txt': 'b\n' });
    const outside = temporaryFolder();
    put(outside, 'secret.txt', 'secret');
    symlinkSync(join(outside, 'secret.txt'), join(box.root, 'link'));
    symlinkSync(outside, join(box.root, 'folder-link'));
    const asked: string[][] = [];
    const approvals = { verdicts: DEFAULT_VERDICTS, commands: {}, protect: DEFAULT_PROTECT, seconds: null, landingSeconds: null };
    const acts = {
      approvals: () => approvals,
      diagnostics: async ({ paths }: { paths: string[] }) => {
        asked.push(paths);
        return ok({ text: 'No problems.', isError: false });
      },
    };
    const { run, ended, agents } = await rigIn(box, { a: [] }, { acts });
    const agent = await agents.agent('a');
    const draft = new Draft(box.repo, agent.job.base);
    valued(await draft.write('new.txt', Buffer.from('new\n')));
    const { commit } = valued(await draft.commit());
    const look = (path: string, on: string | null) =>
      agent.act({ call: path, draft: on, act: { kind: 'diagnostics', paths: ['a.txt', path] } });
    const no = (path: string) =>
      `"${path}" is no file of your draft, or a symbolic link, which is not followed. Name files that list_files shows.`;
    const out = 'Use a path relative to the workspace, such as src/app.ts.';
    const refused: [string, string][] = [
      ['../../etc/passwd', `The path "../../etc/passwd" contains “..”. ${out}`],
      [`${outside}/secret.txt`, `The path "${outside}/secret.txt" is absolute. ${out}`],
      ['.git/config', 'The path ".git/config" is inside .git. Weft and its agents never touch git’s own files.'],
      ['link', no('link')],
      ['folder-link/secret.txt', no('folder-link/secret.txt')],
      ['sub', no('sub')],
      ['sub/../a.txt', `The path "sub/../a.txt" contains “..”. ${out}`],
      ['./a.txt', no('./a.txt')],
      ['new.txt', no('new.txt')],
    ];
    for (const [path, said] of refused) assert.equal(failureText(failed(await look(path, null))), said);
    assert.deepEqual(asked, []);
    valued(await look('sub/b.txt', null));
    valued(await look('new.txt', commit));
    assert.deepEqual(asked, [
      ['a.txt', 'sub/b.txt'],
      ['a.txt', 'new.txt'],
    ]);
    run.stop();
    valued(await ended);
  });
});
