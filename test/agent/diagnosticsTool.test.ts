/** The tool diagnostics: of files that are there, by default of those that the agent changed. */
import assert from 'node:assert/strict';
import { type ActRequest, NO_OFFERS } from '../../src/domain/act';
import { ok } from '../../src/domain/failure';
import { finish, playing, run, toldAfter } from './agentRun';

describe('diagnostics', () => {
  it('asks the host about what was changed, or about files that are there; and is told what is wrong with others', async () => {
    const asked: ActRequest[] = [];
    const look = (input: object) => ({ tool: 'diagnostics', input });
    const model = playing([
      { calls: [look({})] },
      {
        calls: [
          { tool: 'write_file', input: { path: 'b.ts', content: 'b' } },
          { tool: 'write_file', input: { path: 'a.ts', content: 'a' } },
          { tool: 'delete_file', input: { path: 'old.ts' } },
          look({}),
          look({ paths: ['./kept.ts'] }),
          look({ paths: ['kept.ts', 'none.ts'] }),
          look({ paths: ['../secret.ts'] }),
        ],
      },
      { calls: [finish()] },
    ]);
    const done = await run(model, {
      files: { 'kept.ts': '', 'old.ts': '' },
      offers: { ...NO_OFFERS, diagnostics: true },
      act: async (request) => {
        asked.push(request);
        return ok({ text: 'No problems.', isError: false });
      },
    });
    assert.deepEqual(toldAfter(done, 1), ['error: You have changed no files yet. Name the files that you want to know about.']);
    assert.deepEqual(toldAfter(done, 2).slice(3), [
      'No problems.',
      'No problems.',
      'error: There is no file none.ts. Use list_files to see what is there.',
      'error: The path "../secret.ts" contains “..”. Use a path relative to the workspace, such as src/app.ts.',
    ]);
    assert.deepEqual(
      asked.map(({ act }) => act),
      [
        { kind: 'diagnostics', paths: ['a.ts', 'b.ts'] },
        { kind: 'diagnostics', paths: ['kept.ts'] },
      ],
    );
  });
});
