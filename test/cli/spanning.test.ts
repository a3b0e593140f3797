/** Several folders from the command line: named one by one, or by a workspace file of VS Code's. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { z } from 'zod';
import { nest } from '../support/nested';
import { folderState, git, put, temporaryFolder } from '../support/sandbox';
import { buildWeft, jsonLines, planText, scenarioFile, weft, writing } from '../support/weft';

const runLine = z.looseObject({ summary: z.looseObject({ run: z.string(), snapshot: z.string() }) });
const runsLine = z.looseObject({ runs: z.array(z.looseObject({ run: z.string() })) });

/** Two repositories, and a workspace file beside them, with a comment as VS Code allows it. */
function place() {
  const parent = temporaryFolder();
  const [api, web] = [nest(parent, 'api', { 'a.txt': 'a\n' }), nest(parent, 'web', { 'b.txt': 'b\n', '.gitignore': '.env\n' })];
  put(web, '.env', 'KEY=1\n');
  put(
    parent,
    'both.code-workspace',
    `{ // mine\n "folders": [{ "path": "api" }, { "uri": "file://${web}" },],\n "settings": { "weft.snapshot.keep": 1 } }`,
  );
  return { parent, api, web, file: join(parent, 'both.code-workspace') };
}

describe('weft with several folders', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('runs over all of them, lists the run for them together alone, and takes it back', async () => {
    const { parent, api, web, file } = place();
    const model = scenarioFile({ one: writing({ 'api/a.txt': 'agent\n', 'web/new.txt': 'agent\n' }) });
    const input = planText({ id: 'one' });
    const ran = await weft(['run', '-', '--workspace', file, '--include', '.env', '--model', model, '--json'], { cwd: parent, input });
    assert.deepEqual([ran.code, ran.err], [0, ''], ran.out);
    const { summary } = runLine.parse(jsonLines(ran.out).at(-1));
    assert.deepEqual(folderState(api), { 'a.txt': 'file agent\n' });
    assert.equal(folderState(web)['new.txt'], 'file agent\n');
    assert.equal(git(web, 'status', '--porcelain'), '?? new.txt\n');
    const runsOf = async (...args: string[]) => {
      const { out } = await weft(['runs', '--json', ...args], { cwd: parent });
      return runsLine.parse(jsonLines(out).at(-1)).runs.map(({ run }) => run);
    };
    assert.deepEqual(await runsOf('--workspace', web, '--workspace', api), [summary.run]);
    assert.deepEqual(await runsOf('--workspace', api), []);
    put(web, '.env', 'KEY=2\n');
    const back = await weft(['rollback', summary.snapshot, '--workspace', 'web', '--workspace', 'api'], { cwd: parent });
    assert.deepEqual([back.code, back.err], [0, ''], back.out);
    assert.deepEqual(folderState(api), { 'a.txt': 'file a\n' });
    // It is in the snapshot, which knows what was included.
    assert.deepEqual(folderState(web), { '.env': 'file KEY=1\n', '.gitignore': 'file .env\n', 'b.txt': 'file b\n' });
  });

  it('says what is wrong with a workspace file', async () => {
    const parent = temporaryFolder();
    put(parent, 'empty.code-workspace', '{ "folders": [] }');
    put(parent, 'far.code-workspace', '{ "folders": [{ "uri": "vscode-remote://ssh/x" }] }');
    const said = async (name: string) => (await weft(['runs', '--workspace', name], { cwd: parent })).err;
    assert.match(await said('empty.code-workspace'), /empty\.code-workspace names no folders\. Give a file that VS Code saved/);
    assert.match(await said('far.code-workspace'), /vscode-remote:\/\/ssh\/x in far\.code-workspace is not on this machine’s disk/);
    assert.match(await said('none.code-workspace'), /The workspace none\.code-workspace cannot be read/);
  });
});
