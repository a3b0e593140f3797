/** What waits for the person in a run on the command line: told, answered from another process, approved beforehand, or denied in time. */
import assert from 'node:assert/strict';
import { z } from 'zod';
import type { Turn } from '../../src/model/scenario';
import { eventsOf } from '../support/eventsOf';
import { folderState, git, put, temporaryFolder } from '../support/sandbox';
import { skipFor } from '../support/skip';
import { buildWeft, ending, jsonLines, planText, scenarioFile, startWeft, weft } from '../support/weft';

const ask: Turn = { calls: [{ tool: 'ask', input: { question: 'Which\nport?', options: ['80', 'another one'] } }] };
const write = (path: string): Turn => ({ calls: [{ tool: 'write_file', input: { path, content: 'new\n' } }] });
const finish: Turn = { calls: [{ tool: 'finish', input: { summary: 'Done.' } }] };
const waitingLine = z.looseObject({ waiting: z.array(z.looseObject({ ask: z.looseObject({ paths: z.array(z.string()) }) })) });
const CI = '.github/ci.yml';

function folder(): string {
  const cwd = temporaryFolder();
  git(cwd, 'init', '--quiet');
  put(cwd, 'a.txt', 'a\n');
  return cwd;
}

describe('the inbox of a run', function () {
  this.timeout(120_000);
  before(buildWeft);

  it('is told, and answered by another process: a question, and a landing', async () => {
    const cwd = folder();
    const child = startWeft(['run', '-', '--model', scenarioFile({ one: [ask, write(CI), finish] }), '--json'], { cwd });
    const ended = ending(child);
    const events = eventsOf(child);
    child.stdin.end(planText({ id: 'one' }));
    const { run } = await events.next('run.started');
    await events.next('inbox.asked');
    const told = async (...args: string[]) => {
      const { code, out, err } = await weft(args, { cwd });
      return [code, out + err];
    };
    const question = `${run}    1  one: Which port?\n    weft answer ${run} 1 80 | 'another one'\n`;
    assert.deepEqual(await told('inbox'), [0, question]);
    assert.deepEqual(await told('answer', run, '2', 'yes'), [
      2,
      `weft: Nothing waits for an answer as 2 in run ${run}. Run “weft inbox”.\n`,
    ]);
    const forYes = 'weft: --for run is for a yes. Leave it out: this answers what was asked, and no more.\n';
    assert.deepEqual(await told('answer', run, '1', '80', '--for', 'run'), [2, forYes]);
    assert.deepEqual(await told('answer', run, '1', 'another one'), [0, 'Answered.\n']);
    const asked = await events.nth('inbox.asked', 2);
    assert.deepEqual(asked.ask, { kind: 'protected', paths: [CI], why: 'it is protected' });
    assert.deepEqual(await told('answer', run, '2', 'perhaps').then(([code]) => code), 2);
    const forNo = 'weft: --reason is for a no. Leave it out: nobody would be told.\n';
    assert.deepEqual(await told('answer', run, '2', 'yes', '--reason', 'So be it.'), [2, forNo]);
    assert.deepEqual(await told('answer', run, '2', 'no', '--for', 'run'), [2, forYes]);
    assert.deepEqual(await told('answer', run, '2', 'yes'), [0, 'Answered.\n']);
    assert.equal((await ended).code, 0);
    assert.equal(folderState(cwd)[CI], 'file new\n');
    assert.deepEqual(await told('inbox'), [0, 'Nothing waits for you here.\n']);
  });

  it('is told with the way to answer it, and denied when nobody does in time', async () => {
    const cwd = folder();
    const model = scenarioFile({ one: [ask, write(CI), finish] });
    const { code, out } = await weft(['run', '-', '--model', model, '--answer-within', '1'], { cwd, input: planText({ id: 'one' }) });
    assert.equal(code, 1);
    const run = /Run (\S+):/.exec(out)?.[1];
    assert.ok(out.includes(`? one asks: Which port?\n          weft answer ${run} 1 80 | 'another one'\n`), out);
    assert.ok(out.includes(`? one asks: Change ${CI}: it is protected\n          weft answer ${run} 2 yes | no\n`), out);
    assert.match(
      out,
      /✗ one: “.*” does not land: nobody gave leave in time for it to change \.github\/ci\.yml \(it is protected\)\. Its draft is kept/,
    );
    assert.equal(folderState(cwd)[CI], undefined);
    // By hand it lands after all.
    assert.equal((await weft(['land', run ?? '', 'one'], { cwd })).code, 0);
    assert.equal(folderState(cwd)[CI], 'file new\n');
  });

  it('names every file of a landing that is asked for, and says where where it does not', async () => {
    const cwd = folder();
    const paths = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `.github/${name}.yml`);
    const calls = paths.flatMap((path) => write(path).calls ?? []);
    const child = startWeft(['run', '-', '--model', scenarioFile({ one: [{ calls }, finish] })], { cwd });
    const ended = ending(child);
    child.stdin.end(planText({ id: 'one' }));
    const run = await new Promise<string>((resolve) => {
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
        const [, found] = /^ +weft answer (\S+) 1 yes \| no$/m.exec(out) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    const five = paths.slice(0, 5).join(', ');
    const asks = `one: Change ${five} and 2 others: they are protected`;
    const listed = await weft(['inbox'], { cwd });
    assert.equal(listed.out, `${run}    1  ${asks}\n    also .github/f.yml\n    also .github/g.yml\n    weft answer ${run} 1 yes | no\n`);
    const [row] = jsonLines((await weft(['inbox', '--json'], { cwd })).out);
    assert.deepEqual(waitingLine.parse(row).waiting[0]?.ask.paths, paths);
    assert.equal((await weft(['answer', run, '1', 'no'], { cwd })).code, 0);
    const { out } = await ended;
    assert.ok(
      out.includes(`? one asks: ${asks.slice(5)}\n          all of them: weft inbox\n          weft answer ${run} 1 yes | no\n`),
      out,
    );
  });

  it('has what an agent wants to run, which is said to run when it does, and not before', async function () {
    if (process.platform === 'win32') return skipFor(this, 'the command is one of a POSIX shell');
    const cwd = folder();
    const command = { tool: 'run', input: { command: 'cat a.txt' } };
    const child = startWeft(['run', '-', '--model', scenarioFile({ one: [{ calls: [command] }, finish] }), '--json'], { cwd });
    const ended = ending(child);
    const events = eventsOf(child);
    child.stdin.end(planText({ id: 'one' }));
    const { run } = await events.next('run.started');
    await events.next('inbox.asked');
    assert.equal((await weft(['answer', run, '1', 'yes'], { cwd })).code, 0);
    assert.equal((await ended).code, 0);
    const told = events.seen.flatMap((event) =>
      event.type === 'task.step' ? [event.step] : event.type.startsWith('inbox.') ? [event.type] : [],
    );
    assert.deepEqual(
      told.filter((one) => /run|Run|inbox/.test(one)),
      ['Wants to run cat a.txt', 'inbox.asked', 'inbox.answered', 'Running cat a.txt'],
    );
  });

  it('has nothing in it that was approved or denied beforehand', async () => {
    const cwd = folder();
    const run = async (id: string, ...options: string[]) => {
      const model = scenarioFile({ [id]: [ask, write(`.github/${id}`), finish] });
      const { code, out } = await weft(['run', '-', '--model', model, '--json', ...options], { cwd, input: planText({ id }) });
      return [code, jsonLines(out).filter(({ type }) => type === 'inbox.asked').length];
    };
    assert.deepEqual(await run('one', '--approve', 'protected=allow', '--approve', 'question=deny'), [0, 0]);
    assert.deepEqual(await run('two', '--approve', 'protected=deny', '--approve', 'question=deny'), [1, 0]);
    assert.deepEqual(
      Object.keys(folderState(cwd)).filter((path) => path.startsWith('.github/')),
      ['.github/one'],
    );
    for (const wrong of ['protected=perhaps', 'everything', 'plan=yes'])
      assert.equal((await weft(['run', '-', '--approve', wrong], { cwd, input: planText({ id: 'x' }) })).code, 2, wrong);
  });
});
