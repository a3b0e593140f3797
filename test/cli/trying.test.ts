/** How often the command line tries, and for how long. */
import assert from 'node:assert/strict';
import type { ModelFetch } from '../../src/model/fetch';
import { scenarioSchema, type Turn } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { serveModel } from '../support/modelServer';
import { afterThisTest, folderState, git, put, temporaryFolder } from '../support/sandbox';
import { buildWeft, type Ended, planText, weft, writing } from '../support/weft';

/** Runs one task on a model; what it asks for counts from 1. */
async function tried(
  answer: (nth: number) => readonly Turn[] | 'never',
  ...options: string[]
): Promise<Ended & { cwd: string; asked: number }> {
  const cwd = temporaryFolder();
  git(cwd, 'init', '--quiet');
  put(cwd, 'a.txt', 'a\n');
  let asked = 0;
  const model: ModelFetch = (request) => {
    const turns = answer(++asked);
    if (turns !== 'never')
      return scriptedModel(scenarioSchema.parse({ otherwise: turns }), { paceMs: 0, wait: async () => undefined })(request);
    return new Promise((_, reject) => request.signal.addEventListener('abort', () => reject(request.signal.reason)));
  };
  const server = await serveModel(model);
  afterThisTest(() => void server.close());
  const env = { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'k' };
  const ended = await weft(['run', '-', '--model', 'any', ...options], { cwd, env, input: planText({ id: 'one' }) });
  return { ...ended, cwd, asked };
}

const REFUSAL: Turn[] = [{ say: 'No.', stop: 'refusal' }];
const DONE = writing({ 'b.txt': 'b\n' });

describe('weft run, trying', function () {
  this.timeout(60_000);
  before(buildWeft);

  it('has another agent begin where one failed, after a pause', async () => {
    const { code, out, cwd } = await tried((nth) => (nth === 1 ? REFUSAL : DONE));
    assert.match(out, /↻ one: begins again in [12]\.\d s: The model refused to work on this task\.[\s\S]*⬇ one: landed/);
    assert.deepEqual([code, folderState(cwd)], [0, { 'a.txt': 'file a\n', 'b.txt': 'file b\n' }]);
  });

  it('tries as often as it is told to', async () => {
    const { code, out, asked } = await tried((nth) => (nth === 1 ? REFUSAL : DONE), '--attempts', '1');
    assert.match(out, /✗ one: The model refused to work on this task\./);
    assert.deepEqual([code, asked], [1, 1]);
  });

  it('stops when its time is over, keeps what was done, and says so', async () => {
    const { code, out, cwd } = await tried((nth) => (nth === 1 ? DONE : 'never'), '--timeout', '5');
    assert.match(out, /■ The run took longer than it may: stopping…\n.*■ one: stopped; what it did is kept as a draft/);
    assert.match(out, /1 stopped\n {2}It took longer than it may, and was stopped\. What was done is kept\./);
    assert.deepEqual([code, folderState(cwd)], [1, { 'a.txt': 'file a\n' }]);
  });
});
