/** The tool run, as agents meet it: what a command changes is in the draft of those that may change files. */
import assert from 'node:assert/strict';
import { NO_OFFERS } from '../../src/domain/act';
import { ok } from '../../src/domain/failure';
import type { Draft } from '../../src/repo/draft/draft';
import { changed, finish, playing, run, toldAfter, valued } from './agentRun';

const model = () => playing([{ calls: [{ tool: 'run', input: { command: 'touch made', seconds: 5 } }] }, { calls: [finish()] }]);

/** The commit of what a command made of a draft. */
async function made(draft: Draft): Promise<string> {
  valued(await draft.write('made.txt', Buffer.from('made\n')));
  const { commit } = valued(await draft.now());
  valued(await draft.remove('made.txt'));
  return commit;
}

describe('run', () => {
  for (const [tools, kept] of [
    [null, true],
    [['run', 'edit'], true],
    [['run'], false],
  ] as const) {
    it(`${kept ? 'changes' : 'does not change'} the draft of a role whose tools are ${tools?.join(', ') ?? 'all'}`, async () => {
      const first = await run(playing([{ calls: [finish()] }]));
      const draft = await made(first.draft);
      const done = await run(model(), {
        draft: first.draft,
        role: { tools: tools === null ? null : [...tools] },
        offers: { ...NO_OFFERS, commands: true },
        act: async ({ act }) => {
          assert.deepEqual(act, { kind: 'command', command: 'touch made', seconds: 5 });
          return ok({ text: 'It ended.', isError: false, draft });
        },
      });
      const note = '\n[In your role you change no files: nothing of what the command changed is in your draft.]';
      assert.deepEqual(toldAfter(done, 1), [kept ? 'It ended.' : `It ended.${note}`]);
      assert.deepEqual(done.draft.looks, [{ folder: '', at: 'contents' }]);
      assert.deepEqual(await changed(done.draft), kept ? { 'made.txt': 'made\n' } : {});
    });
  }
});
