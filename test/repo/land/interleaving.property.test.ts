/** Agents, and the person on disk and in the editor, in any order: what nobody undid is there, and the chain ends at the workspace. */
import assert from 'node:assert/strict';
import { array, asyncProperty, assert as check, constantFrom, record } from 'fast-check';
import type { Landing } from '../../../src/repo/land/land';
import { field } from '../../support/landing';
import { folderState, put, treeState } from '../../support/sandbox';

const RUNS = Number(process.env['WEFT_TEST_RUNS'] ?? 4);
/** Each has a line of their own, with others between. */
const LINES = [0, 4, 8, 12, 16] as const;
const text = (said: ReadonlyMap<number, string>) => Array.from({ length: 20 }, (_, at) => `${said.get(at) ?? `line ${at}`}\n`).join('');

type Landed = Extract<Landing, { kind: 'landed' }>;

describe('any order of landings, undos and edits', () => {
  it('keeps every edit that nobody undid, and ends with the workspace as the chain has it', async function () {
    this.timeout(60_000 + RUNS * 20_000);
    const step = record({ what: constantFrom('land', 'undo', 'disk', 'type'), line: constantFrom(...LINES) });
    await check(
      asyncProperty(array(step, { minLength: 4, maxLength: 9 }), async (steps) => {
        const box = await field({ shared: text(new Map()) });
        const said = new Map<number, string>();
        const landed = new Map<number, Landed>();
        for (const [at, { what, line }] of steps.entries()) {
          const unsaved = box.workspace.buffers.has('shared');
          if (what === 'land' && !landed.has(line) && !said.has(line)) {
            landed.set(line, await box.landed(`agent${line}`, { shared: text(new Map([[line, `agent ${at}`]])) }));
            said.set(line, `agent ${at}`);
          } else if (what === 'undo') {
            const landing = landed.get(line);
            if (landing === undefined) continue;
            assert.equal((await box.undo(`agent${line}`, landing)).kind, 'landed');
            landed.delete(line);
            said.delete(line);
          } else if (!landed.has(line) && (what === 'type' || !unsaved)) {
            said.set(line, `${what} ${at}`);
            if (what === 'type') box.workspace.buffers.set('shared', text(said));
            else put(box.root, 'shared', text(said));
          }
          const shown = box.workspace.buffers.get('shared') ?? folderState(box.root)['shared']?.slice('file '.length);
          assert.equal(shown, text(said), `after step ${at}`);
        }
        assert.deepEqual(treeState(box.repo, await box.now()), { shared: `file ${text(said)}` });
      }),
      { numRuns: RUNS, interruptAfterTimeLimit: 50_000 + RUNS * 18_000 },
    );
  });
});
