/** An agent that has others do parts of its task: what they are given, what comes into its draft, and what it has to decide. */
import assert from 'node:assert/strict';
import type { Ask } from '../../src/agent/spawner';
import type { Read } from '../../src/domain/changes';
import { fail, ok } from '../../src/domain/failure';
import type { ChildEnd, Spawn } from '../../src/domain/spawn';
import type { Draft } from '../../src/repo/draft/draft';
import { joinTrees } from '../../src/repo/draft/joining';
import type { Repository } from '../../src/repo/repository';
import { buildCommit } from '../../src/repo/trees';
import { changed, finish, playing, run, toldAfter, valued } from './agentRun';

type Edits = Readonly<Record<string, string | null>>;

const part = (name: string, more: object = {}) => ({ name, title: `Part ${name}`, instructions: `Do part ${name}.`, ...more });
const spawn = (...parts: object[]) => ({ tool: 'spawn', input: { parts } });
const write = (path: string, content: string) => ({ tool: 'write_file', input: { path, content } });

/** A run whose agents do these edits at once, one part after the other, all on the draft as the parent had it. */
function doing(edits: Readonly<Record<string, Edits>>, asked: Spawn[] = [], reads: Read[] = []) {
  return (parent: Draft): Ask =>
    async (request) => {
      asked.push(request);
      const { repo } = parent as unknown as { repo: Repository };
      const base = request.draft ?? parent.base;
      let draft = base;
      const ends: ChildEnd[] = [];
      for (const { name, title } of request.children) {
        const mine = edits[name];
        if (mine === undefined) {
          ends.push({ name, title, end: 'failed', text: `${name} broke. Try again.`, conflicts: [] });
          continue;
        }
        const puts = Object.entries(mine).map(
          ([path, text]) => [path, text === null ? null : { mode: '100644' as const, bytes: Buffer.from(text) }] as const,
        );
        const theirs = valued(await buildCommit(repo, { from: base, puts: new Map(puts), parents: [base], message: name }));
        const { tree, conflicts } = valued(await joinTrees(repo, { base, ours: draft, theirs, child: { name, title } }));
        draft = valued(await buildCommit(repo, { from: tree, puts: new Map(), parents: [draft], message: 'Joined' }));
        ends.push({ name, title, end: 'joined', text: `Did ${name}.`, conflicts });
      }
      return ok({ draft, children: ends, reads });
    };
}

describe('spawn', () => {
  it('is a tool, and spoken of, where agents of the run may have others do parts; who may not is told so, and refused', async () => {
    const told = async (role: 'coder' | 'researcher', spawns: boolean, may: boolean) => {
      const calls = spawns ? [spawn(part('x')), finish()] : [finish()];
      const done = await run(playing([{ calls }, { calls: [finish()] }]), {
        task: { role },
        spawns,
        ...(may ? { spawn: doing({ x: {} }) } : {}),
      });
      const { tools = [], system = [] } = done.requests[0] ?? {};
      const [shared, own] = system.map(({ text = '' }) => text);
      const answer = spawns && done.requests.length > 1 ? toldAfter(done, 1)[0] : undefined;
      return {
        prefix: JSON.stringify([tools, shared]),
        last: tools.at(-1)?.name,
        spoken: /spawn/.test(shared ?? ''),
        own: own?.split('\n\n').at(-1),
        answer,
      };
    };
    const coder = await told('coder', true, true);
    assert.deepEqual([coder.last, coder.spoken, coder.answer], ['spawn', true, undefined]);
    const deepest = await told('coder', true, false);
    assert.equal(deepest.own, 'Your task cannot be divided any further: do all of it yourself. Calls of spawn are refused.');
    assert.equal(deepest.answer, 'error: Your task cannot be divided any further. Do it yourself.');
    const reader = await told('researcher', true, true);
    assert.match(reader.answer ?? '', /^error: As researcher you have no others do your work: spawn is not yours\./);
    assert.deepEqual([deepest.prefix, reader.prefix], [coder.prefix, coder.prefix]);
    const alone = await told('coder', false, false);
    assert.deepEqual([alone.last, alone.spoken], ['set_executable', false]);
  });

  it('gives the parts the draft as it is, and takes what they did over it, deletions and what was there before included', async () => {
    const asked: Spawn[] = [];
    const model = playing([
      {
        calls: [
          write('mine', 'mine\n'),
          { tool: 'read_file', input: { path: 'a' } },
          spawn(part('x'), part('y', { dependsOn: ['x'] })),
          write('after', '1\n'),
        ],
      },
      { calls: [{ tool: 'read_file', input: { path: 'x' } }, finish()] },
    ]);
    const files = { a: 'a\n', b: 'b\n', old: 'old\n' };
    // What they read as the workspace has it, and what only their own base had.
    const reads = [
      { path: 'b', blob: '61780798228d17af2d34fce4cfbdf35556832472' },
      { path: 'mine', blob: '0'.repeat(40) },
      { path: 'none', blob: null },
    ];
    const edits = { x: { x: 'x\n', old: null }, y: { mine: 'mine and y\n', a: 'a\n' } };
    const done = await run(model, { files, spawn: doing(edits, asked, reads) });
    assert.deepEqual(done.result, { ok: true, value: { summary: 'Done.' } });
    assert.deepEqual(
      asked.map(({ call, draft, children }) => [
        call,
        draft === null,
        children.map(({ name, role, dependsOn }) => [name, role, dependsOn]),
      ]),
      [
        [
          'toolu_one_0_2',
          false,
          [
            ['x', undefined, []],
            ['y', undefined, ['x']],
          ],
        ],
      ],
    );
    assert.equal(
      toldAfter(done, 1)[2],
      '2 of 2 parts are done, and what they changed is in your draft now.\n\nx (“Part x”): done.\nDid x.\n\ny (“Part y”): done.\nDid y.',
    );
    assert.deepEqual(await changed(done.draft), { after: '1\n', mine: 'mine and y\n', old: null, x: 'x\n' });
    assert.deepEqual(done.draft.looks, [{ folder: '', at: 'contents' }]);
    assert.deepEqual(
      valued(await done.draft.reads()).map(({ path }) => path),
      ['a', 'b', 'none'],
    );
    assert.ok(done.steps.includes('Waiting for 2 parts'));
  });

  it('says which parts are missing, and why, and what the run does not allow', async () => {
    const one = await run(playing([{ calls: [spawn(part('x'), part('z'))] }, { calls: [finish()] }]), { spawn: doing({ x: {} }) });
    assert.deepEqual(toldAfter(one, 1), [
      [
        '1 of 2 parts are done, and what they changed is in your draft now.',
        'x (“Part x”): done.\nDid x.',
        'z (“Part z”): failed.\nz broke. Try again.',
        'Nothing of the parts that are not done is in your draft: do them yourself, spawn them again with other instructions, or say in your summary that they are missing.',
      ].join('\n\n'),
    ]);
    const alone = await run(playing([{ calls: [spawn(part('x'))] }, { calls: [finish()] }]), { spawn: doing({ x: {} }) });
    assert.match(toldAfter(alone, 1)[0] ?? '', /^1 of 1 part is done, and what it changed is in your draft now\.\n/);
    const refusing = () => async () => fail('input', 'Too many.', 'Do it yourself.');
    const two = await run(playing([{ calls: [spawn(part('x')), spawn(part('a b'))] }, { calls: [finish()] }]), { spawn: refusing });
    assert.equal(toldAfter(two, 1)[0], 'error: Too many. Do it yourself.');
    assert.match(toldAfter(two, 1)[1] ?? '', /^error: The input of spawn does not fit its schema \(parts\.0\.name: must be letters/);
    const nul = await run(playing([{ calls: [spawn(part('x', { title: 'a\0b' }))] }, { calls: [finish()] }]), { spawn: doing({ x: {} }) });
    assert.match(toldAfter(nul, 1)[0] ?? '', /^error: .*\(parts\.0\.title: contains a NUL character .*: leave it out/);
  });

  it('leaves the agent to decide what contradicts its draft, and does not let it finish before', async () => {
    const files = { a: 'one\n', bin: Buffer.from('x\0y') };
    const [taken, dropped] = [
      [
        { tool: 'delete_file', input: { path: 'bin' } },
        { tool: 'move_file', input: { from: 'bin~part-y', to: 'bin' } },
      ],
      [{ tool: 'delete_file', input: { path: 'bin~part-y' } }],
    ];
    for (const [choice, bin] of [
      [taken, 'x\0y2'],
      [dropped, 'x\0x'],
    ] as const) {
      const model = playing([
        { calls: [spawn(part('x'), part('y'))] },
        { calls: [{ tool: 'read_file', input: { path: 'a' } }, finish()] },
        { calls: [write('a', 'both\n'), finish()] },
        { calls: [...choice, finish()] },
      ]);
      const done = await run(model, { files, spawn: doing({ x: { a: 'x\n', bin: 'x\0x' }, y: { a: 'y\n', bin: 'x\0y2' } }) });
      assert.match(
        toldAfter(done, 1)[0] ?? '',
        /Did y\.\nIn conflict with what your draft had by then:\n- a: both versions stand in it, .*\n- bin: the two cannot be merged\. It stands as in your draft; what “Part y” made of it is beside it, as bin~part-y\. Choose: to take that one, delete bin and move bin~part-y there; else delete bin~part-y\. Say in your summary which you kept\.\n\nDecide the files in conflict before you call finish/,
      );
      assert.deepEqual(toldAfter(done, 2), [
        '<<<<<<< your draft and its siblings\nx\n=======\ny\n>>>>>>> the part “Part y”\n',
        'error: There are still markers of a conflict in a. Edit each of these files to what it should be, without the lines that begin with <<<<<<<, ======= and >>>>>>>; then call finish again.',
      ]);
      assert.equal(
        toldAfter(done, 3)[1],
        'error: It is not decided what is to become of bin~part-y, which a part made of a file that could not be merged. Move each to where it belongs (delete first what is there), or delete it; then call finish again, and say in your summary which version you kept.',
      );
      assert.deepEqual(done.result, { ok: true, value: { summary: 'Done.' } });
      assert.deepEqual(await changed(done.draft), { a: 'both\n', bin });
    }
  });
});
