/** What this VS Code's language servers say of a draft: of what its agent changed, with all of it seen together, and nothing shown on the way. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { systemClock } from '../../../src/domain/clock';
import type { ActContext } from '../../../src/engine/acts/acts';
import { folderPool } from '../../../src/repo/commands/folderPool';
import { draftProblems } from '../../../src/vscode/agents/draftProblems';
import { placeOf } from '../../../src/vscode/workspace/place';
import { beginTestRun, never } from '../agents';
import { freshFolder, must } from '../folder';

const TSCONFIG = '{ "compilerOptions": { "strict": true, "module": "commonjs", "target": "es2022", "types": [] } }\n';

describe('problems in a draft', () => {
  it('are those of its own version, types of other files that it changed included', async function () {
    this.timeout(180_000);
    const place = await freshFolder({
      'tsconfig.json': TSCONFIG,
      'a.ts': "import { two } from './b';\nexport const one: number = two;\n",
      'b.ts': 'export const two = 2;\n',
      'notes.md': '# Notes\n',
    });
    const run = await beginTestRun(place);
    const look = draftProblems(
      placeOf([place.folder], place.repo),
      folderPool(place.repo, { link: [], most: 2, quotaBytes: 1e9 }, systemClock),
    );
    const problems = async (draft: string | null, paths: string[]) => {
      const steps = { step: () => undefined, output: () => undefined };
      const context: ActContext = { run: 'r', task: 't', title: 'T', base: run.snapshot.commit, draft, call: 'c', ...steps };
      return must(await look({ kind: 'diagnostics', paths }, context, never)).text;
    };
    const tabs = () => vscode.window.tabGroups.all.flatMap((group) => group.tabs.map((tab) => tab.label));
    const before = tabs();

    const broken = await run.work('t1', { 'b.ts': "export const two = 'two';\n", 'c.ts': 'const = 5;\nexport const three = missing;\n' });
    assert.equal(
      await problems(broken.theirs, ['a.ts', 'b.ts', 'c.ts']),
      [
        "a.ts:2:14: error: TS2322: Type 'string' is not assignable to type 'number'.",
        'c.ts:1:7: error: TS1134: Variable declaration expected.',
        'c.ts:1:9: error: TS1134: Variable declaration expected.',
        "c.ts:2:22: error: TS2304: Cannot find name 'missing'.",
      ].join('\n'),
    );
    const mended = await run.work('t2', { 'b.ts': 'export const two = 3;\n' });
    assert.equal(await problems(mended.theirs, ['a.ts', 'b.ts']), 'No problems in a.ts, b.ts.');
    assert.equal(
      await problems(null, ['notes.md']),
      '[Of notes.md this is what the editor says of the workspace’s version, which you have not changed; of files that it does not show it may say nothing.]',
    );
    const noted = await run.work('t3', { 'notes.md': '# Other notes\n' });
    assert.equal(
      await problems(noted.theirs, ['notes.md']),
      '[Nobody looked at notes.md: no language server here says anything of files that are not shown. If you may run commands, run the project’s own check.]',
    );
    assert.deepEqual(tabs(), before);
  });
});
