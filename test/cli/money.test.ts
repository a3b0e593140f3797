/** `weft run` with a budget, and recorded: the CLI as a process of its own, its model behind real HTTP. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { budgetNow, unpricedText } from '../../src/cli/money';
import { errorResponse } from '../../src/model/messages';
import { scenarioSchema, type Turn } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { serveModel } from '../support/modelServer';
import { afterThisTest, folderState, sandbox, temporaryFolder } from '../support/sandbox';
import { buildWeft, jsonLines, planText, scenarioFile, weft, writing } from '../support/weft';

const LETTERS = [...'abcdefghijklmnopqrstuvwx'];
const LONG: Turn[] = [
  ...LETTERS.map((one): Turn => ({ calls: [{ tool: 'write_file', input: { path: `${one}.txt`, content: `${one}\n` } }] })),
  ...writing({}).slice(1),
];
const ALL = Object.fromEntries(LETTERS.map((one) => [`${one}.txt`, `file ${one}\n`]));

before(buildWeft);

describe('weft run, with a budget', () => {
  it('leaves what its budget does not allow, says how to go on, and goes on with more', async () => {
    const box = await sandbox({ x: 'x' });
    const cwd = box.root;
    const model = scenarioFile({ api: LONG });
    const input = planText({ id: 'api' });
    const first = await weft(['run', '-', '--model', model, '--budget-tokens', '60000'], { cwd, input });
    assert.equal(first.code, 1);
    assert.match(first.out, /The budget of the run \(\$10\.00 and 60,000 tokens\) is used up: nothing new starts/);
    const [, run = ''] = /^weft resume (\S+) --budget/m.exec(first.out.replace(/^.*(weft resume)/gm, '$1')) ?? [];
    assert.notEqual(run, '', first.out);
    assert.deepEqual(folderState(cwd), { x: 'file x' });
    const none = await weft(['budget', run, '20'], { cwd });
    assert.match(none.err, /Nobody drives run/);
    const second = await weft(['resume', run, '--budget-tokens', '0', '--json'], { cwd });
    assert.equal(second.code, 0, second.err);
    assert.deepEqual(folderState(cwd), { x: 'file x', ...ALL });
    const turns = jsonLines(first.out.startsWith('{') ? first.out : second.out).filter(({ type }) => type === 'task.turn').length;
    assert.ok(turns > 0 && turns < LONG.length, `${turns} turns`);
  });

  it('says that it does not hold for the model of a role whose price is not known', async () => {
    const box = await sandbox({ x: 'x', '.weft/agents/careful.md': '---\ndescription: Careful.\nmodel: unheard\n---\nBe careful.\n' });
    const model = scenarioFile({ a: writing({ 'a.txt': 'a\n' }) });
    const { code, err } = await weft(['run', '-', '--model', model], { cwd: box.root, input: planText({ id: 'a', role: 'careful' }) });
    assert.equal(code, 0, err);
    assert.match(err, /No price is known of unheard, so the limit in dollars does not hold for it\./);
  });

  it('refuses what is no budget', async () => {
    const { root: cwd } = await sandbox({ x: 'x' });
    for (const [args, said] of [
      [['run', '-', '--budget', 'much'], /--budget “much” is no number from 0 to 100,000/],
      [['run', '-', '--budget-tokens', '1.5'], /--budget-tokens “1\.5” is no whole number/],
      [['budget', 'r1'], /“weft budget” needs a run and dollars/],
      [['budget', 'r1', '-5'], /begins with “-”|Unknown option|no number/],
    ] as const) {
      const { code, err } = await weft(args, { cwd });
      assert.equal(code, 2);
      assert.match(err, said);
    }
  });
});

describe('weft budget', () => {
  it('leaves as it was what nothing is said of, and takes away what is 0', () => {
    const before = { usd: 3, tokens: 9 };
    assert.deepEqual(
      [
        { usd: 5, tokens: undefined },
        { usd: undefined, tokens: 7 },
        { usd: 0, tokens: undefined },
        { usd: undefined, tokens: 0 },
      ].map((said) => budgetNow(said, before)),
      [{ usd: 5, tokens: 9 }, { usd: 3, tokens: 7 }, { tokens: 9 }, { usd: 3 }],
    );
    assert.deepEqual(budgetNow({ usd: undefined, tokens: 7 }, {}), { tokens: 7 });
  });
});

describe('a limit in dollars', () => {
  it('is said not to hold for a model without a price', () => {
    const own = { mine: { input: 1, output: 2 } };
    assert.equal(
      unpricedText(['claude-opus-5', 'x', 'mine', 'x'], { usd: 1 }, own),
      'No price is known of x, so the limit in dollars does not hold for it. Say its price in WEFT_PRICES, or give --budget-tokens.',
    );
    assert.match(unpricedText(['x', 'y'], { usd: 1 }, own) ?? '', / of x, y, so .* hold for them\. Say their prices in WEFT_PRICES, /);
    assert.equal(unpricedText(['claude-opus-5', 'mine'], { usd: 1 }, own), undefined);
    assert.equal(unpricedText(['x'], { tokens: 1 }, own), undefined);
  });
});

describe('weft run, where the server has a limit', () => {
  it('waits as it says, says so once, and counts by the prices that are set', async () => {
    const { root: cwd } = await sandbox({ x: 'x' });
    const scripted = scriptedModel(scenarioSchema.parse({ otherwise: writing({ 'a.txt': 'a\n' }) }), {
      paceMs: 0,
      wait: async () => undefined,
    });
    let asked = 0;
    const server = await serveModel(async (request) => {
      asked += 1;
      return asked < 3 ? errorResponse(429, 'rate_limit_error', 'Too many.', { 'retry-after-ms': '50' }) : scripted(request);
    });
    afterThisTest(() => server.close());
    const env = { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'k', WEFT_PRICES: JSON.stringify({ m: { input: 10, output: 10 } }) };
    const { code, out, err } = await weft(['run', '-', '--model', 'm'], { cwd, env, input: planText({ id: 'api' }) });
    assert.equal(code, 0, out + err);
    assert.deepEqual(out.match(/‖ .*/g), ['‖ api: waiting for the model: its rate limit is used up']);
    assert.match(out, /^Cost, as past runs tell: not known, for there is none of such tasks\. Budget: \$10\.00\.$/m);
    assert.match(out, /^- cost: \$0\.\d+, of \$10\.00$/m);
    const wrong = await weft(['run', '-', '--model', 'm'], {
      cwd,
      env: { ...env, WEFT_PRICES: '{"m":{"input":"much"}}' },
      input: planText({ id: 'api' }),
    });
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /The prices in WEFT_PRICES cannot be used: m\./);
  });
});

describe('weft run, recorded', () => {
  it('is played again offline, to the same files, from a recording without the key', async () => {
    const key = 'sk-ant-secret-0123456789abcdef';
    const plan = planText({ id: 'one' }, { id: 'two' }, { id: 'three', dependsOn: ['one', 'two'] });
    const tasks = { one: writing({ 'one.txt': 'one\n' }), two: writing({ 'two.txt': `the key is ${key}\n` }), three: LONG };
    const scripted = scriptedModel(scenarioSchema.parse({ tasks }), { paceMs: 0, wait: async () => undefined });
    const server = await serveModel(scripted);
    afterThisTest(() => server.close());
    const file = join(temporaryFolder(), 'run.jsonl');
    const boxes = [await sandbox({ x: 'x' }), await sandbox({ x: 'x' })];
    const [recorded, played] = boxes.map(({ root }) => root);
    assert.ok(recorded !== undefined && played !== undefined);
    const env = { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: key };
    const first = await weft(['run', '-', '--model', 'm', '--record', file, '--budget', '0'], { cwd: recorded, input: plan, env });
    assert.equal(first.code, 0, first.out + first.err);
    const text = readFileSync(file, 'utf8');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(!text.includes(key) && !/authorization|x-api-key|x-weft/i.test(text));
    const again = await weft(['run', '-', '--model', 'm', '--record', file], { cwd: played, input: plan, env });
    assert.equal(again.code, 2);
    assert.match(again.err, /The recording .* cannot be written/);
    await server.close();
    const second = await weft(['run', '-', '--model', `recorded:${file}`], { cwd: played, input: plan });
    assert.equal(second.code, 0, second.out + second.err);
    const clean = (state: Record<string, string>) => JSON.parse(JSON.stringify(state).replaceAll(/the key is [^\\"]+/g, 'the key is (…)'));
    assert.deepEqual(clean(folderState(played)), clean(folderState(recorded)));
    assert.deepEqual(Object.keys(folderState(played)).sort(), ['x', 'one.txt', 'two.txt', ...Object.keys(ALL)].sort());
  });
});
