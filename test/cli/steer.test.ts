/** A run that one process drives, paused, added to, and stopped by others; its agents in processes of their own, their model held by the test. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventsOf } from '../support/eventsOf';
import { heldTurns } from '../support/heldTurns';
import { serveModel } from '../support/modelServer';
import { folderState, git, put, temporaryFolder } from '../support/sandbox';
import { skipFor } from '../support/skip';
import { buildWeft, ending, planText, startWeft, weft, writing } from '../support/weft';

/** A folder, and a model that holds each of its turns until the test lets it go. */
async function heldModel() {
  const held = heldTurns(writing({ 'a.txt': 'A\n' }));
  const server = await serveModel(held.model);
  const cwd = temporaryFolder();
  git(cwd, 'init', '--quiet');
  put(cwd, 'a.txt', 'a\n');
  return { held, server, cwd, env: { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'sk-ant-for-this-test' } };
}

describe('a run that another process drives', function () {
  this.timeout(120_000);
  before(buildWeft);

  it('is waited for aloud where its process does not answer, and does nothing for who called off at once', async function () {
    if (process.platform === 'win32') return skipFor(this, 'no process is held there');
    const { held, server, cwd, env } = await heldModel();
    const child = startWeft(['run', '-', '--model', 'm', '--json'], { cwd, env });
    const ended = ending(child);
    const events = eventsOf(child);
    child.stdin.end(planText({ id: 'one' }));
    const { run } = await events.next('run.started');
    await held.nth('one', 1);
    child.kill('SIGSTOP');
    const asking = startWeft(['pause', String(run)], { cwd });
    const asked = ending(asking);
    const [said] = await once(asking.stdout, 'data');
    assert.equal(String(said), `Process ${child.pid}, which drives run ${run}, has not answered yet: waiting for it.\n`);
    const wishes = join(cwd, '.git/weft', String(readdirSync(join(cwd, '.git/weft'))[0]), 'runs', String(run), 'wishes');
    const left = () => readdirSync(wishes, { recursive: true }).filter((name) => String(name).endsWith('.wish.json'));
    assert.equal(left().length, 1);
    asking.kill('SIGINT');
    asking.kill('SIGTERM');
    assert.equal((await asked).code, 130);
    assert.deepEqual(existsSync(wishes) ? left() : [], []);
    child.kill('SIGCONT');
    child.kill('SIGINT');
    await ended;
    assert.ok(!events.seen.some(({ type }) => type === 'run.paused'));
    await server.close();
  });

  it('is paused and goes on, gets a task, and is stopped', async () => {
    const held = heldTurns(writing({ 'a.txt': 'A\n' }));
    const server = await serveModel(held.model);
    const cwd = temporaryFolder();
    git(cwd, 'init', '--quiet');
    put(cwd, 'a.txt', 'a\n');
    put(cwd, 'more.json', JSON.stringify({ id: 'two', title: 'Two', instructions: 'Do it.', dependsOn: ['one'] }));
    const env = { ANTHROPIC_BASE_URL: server.url, ANTHROPIC_API_KEY: 'sk-ant-for-this-test' };
    const child = startWeft(['run', '-', '--model', 'm', '--json'], { cwd, env });
    const ended = ending(child);
    const events = eventsOf(child);
    child.stdin.end(planText({ id: 'one' }));
    const { run } = await events.next('run.started');
    const first = await held.nth('one', 1);
    const told = async (...args: string[]) => {
      const { code, out, err } = await weft(args, { cwd });
      return [code, out + err];
    };
    const paused = `Run ${run} is paused: agents come to the end of their turn; “weft continue ${run}” has it go on.\n`;
    assert.deepEqual(await told('pause', run), [0, paused]);
    first.answer();
    await events.next('task.turn');
    assert.deepEqual(await told('add', run, 'more.json'), [0, `Run ${run} has the task.\n`]);
    const [code, refused] = await told('add', run, 'more.json');
    assert.equal(code, 2);
    assert.match(String(refused), /The task cannot join the run: id: “two” is the id of tasks\[1\] already/);
    const played = { id: 'three', title: 'Three', instructions: 'Do it.', model: 'scripted:gone.json' };
    put(cwd, 'played.json', JSON.stringify(played));
    const [unread, why] = await told('add', run, 'played.json');
    assert.equal(unread, 1);
    assert.match(String(why), /^weft: The scenario gone\.json could not be read: /);
    put(cwd, 'plan.json', planText({ id: 'three' }));
    const plan = `weft: plan.json has a plan, and a task is added alone. Give JSON with a task as in a plan: id, title, instructions, dependsOn …\n`;
    assert.deepEqual(await told('add', run, 'plan.json'), [2, plan]);
    assert.match(
      String((await told('add', run, 'none.json'))[1]),
      /^weft: The task none\.json cannot be read: .*Give the path of a task file/,
    );
    // Whatever the agent would have asked by now waits.
    assert.equal(held.asked(), 1);
    assert.deepEqual(await told('continue', run), [0, `Run ${run} goes on.\n`]);
    (await held.nth('one', 2)).answer();
    await events.next('task.landed');
    await held.nth('two', 1);
    assert.deepEqual(await told('stop', run), [0, `Run ${run} is being stopped; what its agents did is kept.\n`]);
    assert.equal((await ended).code, 1);
    const ends = events.seen.flatMap((event) =>
      'task' in event && /landed|stopped/.test(event.type) ? [`${event.task} ${event.type}`] : [],
    );
    assert.deepEqual(ends, ['one task.landed', 'two task.stopped']);
    assert.equal(folderState(cwd)['a.txt'], 'file A\n');
    assert.deepEqual(await told('pause', run), [2, `weft: Run ${run} is over. Dispatch the work again, in a run of its own.\n`]);
    await server.close();
  });

  it('has more agents when it is told, and begins with no more than its adaptive width', async () => {
    const ids = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'];
    const { held, server, cwd, env } = await heldModel();
    const begin = async (...options: string[]) => {
      const child = startWeft(['run', '-', '--model', 'm', '--json', '--in-process', ...options], { cwd, env });
      const [ended, events] = [ending(child), eventsOf(child)];
      child.stdin.end(planText(...ids.map((id) => ({ id }))));
      const { run } = await events.next('run.started');
      const started = () => events.seen.filter(({ type }) => type === 'task.started').length;
      return { run, ended, events, started };
    };
    const wide = await begin('--max-workers', '7', '--adaptive-workers');
    await held.nth('five', 1);
    assert.equal(wide.started(), 5);
    assert.equal((await weft(['stop', wide.run], { cwd })).code, 0);
    await wide.ended;
    const narrow = await begin('--max-workers', '1');
    await narrow.events.next('task.started');
    const limited = await weft(['limit', narrow.run, '--max-workers', '7', '--pool', 'coder=3'], { cwd });
    const said = `Run ${narrow.run} has the limits; agents that are too many by now come to the end of their tasks.\n`;
    assert.deepEqual([limited.code, limited.out], [0, said]);
    await narrow.events.nth('task.started', 3);
    assert.deepEqual((await narrow.events.next('run.limited')).limits, { maxWorkers: 7, pools: { coder: 3 } });
    assert.equal(narrow.started(), 3);
    const wrong = await weft(['limit', narrow.run, '--pool', 'piper=1'], { cwd });
    assert.equal(wrong.code, 2);
    assert.match(
      wrong.err,
      /^weft: --pool names a role that there is not: “piper”\. Give each role a number from 1 to 128; the roles are coder, /,
    );
    assert.equal((await weft(['stop', narrow.run], { cwd })).code, 0);
    await narrow.ended;
    await server.close();
  });
});
