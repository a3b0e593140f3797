/** Whoever decides conflicts, whatever comes of them: what the person wrote meanwhile is there at the end. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { array, asyncProperty, assert as check, constantFrom, integer, record, uniqueArray } from 'fast-check';
import { planSchema } from '../../../src/domain/plan';
import { DEFAULT_CONFLICT_PRIORITY } from '../../../src/domain/settings';
import { isOver } from '../../../src/domain/taskState';
import { conflictStep } from '../../../src/engine/schedule/conflictStep';
import type { Held } from '../../support/gatedWorker';
import { valued } from '../../support/result';
import { type Rig, rig } from '../../support/run';
import { put, treeState } from '../../support/sandbox';

const LINES = [...'abcdef'];
const FILES = ['p', 'q'] as const;
const ROLES = ['security', 'coder', 'coder', 'docs'] as const;

const file = constantFrom(...FILES);
const line = integer({ min: 0, max: LINES.length - 1 });
/** A task ends, having changed some lines of a file; before that, the person adds a line of their own somewhere, saved or not. */
const turn = record({
  path: file,
  lines: uniqueArray(line, { minLength: 1, maxLength: 3 }),
  mine: record({ path: file, after: line, isSaved: constantFrom(true, false), comes: constantFrom('before', 'meanwhile', 'never') }),
});

/** Writes a line below another, as the person does: to what they see. */
function write(box: Rig, { path, after, isSaved }: { path: string; after: number; isSaved: boolean }, text: string): void {
  const { buffers } = box.workspace;
  const rows = (buffers.get(path) ?? readFileSync(join(box.root, path), 'utf8')).split('\n');
  rows.splice(after + 1, 0, text);
  if (isSaved && !buffers.has(path)) put(box.root, path, rows.join('\n'));
  else buffers.set(path, rows.join('\n'));
}

/** Both sides, one below the other. */
async function decideBoth(box: Rig, arbiter: Held): Promise<void> {
  const files = Object.entries(treeState(box.repo, arbiter.job.again?.draft ?? ''));
  const kept = files.map(([path, said]) => [path, said.replace(/^file /, '').replaceAll(/^(<{7}|={7}$|>{7}).*\n/gm, '')] as const);
  await arbiter.finish(Object.fromEntries(kept));
}

describe('what the person writes while conflicts are decided', function () {
  this.timeout(180_000);

  it('is there at the end, in every file, whoever decides them', async () => {
    const seen = new Set<string>();
    await check(
      asyncProperty(
        constantFrom('arbiter' as const, 'priority' as const),
        array(turn, { minLength: 2, maxLength: 4 }),
        async (by, turns) => {
          const tasks = turns.map((_, at) => ({ id: `t${at}`, role: ROLES[at], title: `Task ${at}`, instructions: 'Do it.' }));
          const rule = { by, priority: DEFAULT_CONFLICT_PRIORITY };
          const text = (path: string) => LINES.map((row) => `${path} ${row}\n`).join('');
          const files = Object.fromEntries(FILES.map((path) => [path, text(path)]));
          const plan = planSchema.parse({ goal: 'A goal', tasks });
          const box = await rig(files, { t0: [] }, { plan, conflicts: rule, limits: { undecided: 'leave' } });
          const agents = await Promise.all(tasks.map(({ id }) => box.agents.agent(id)));
          const written: string[] = [];
          const mine = ({ mine: own }: (typeof turns)[number], when: 'before' | 'meanwhile') => {
            if (own.comes !== when) return;
            written.push(`mine ${written.length}`);
            write(box, own, `mine ${written.length - 1}`);
          };
          const settled = (id: string) =>
            new Promise<string | undefined>((resolve) => {
              const look = () => {
                const task = box.run.record.state.tasks.get(id);
                if (task === undefined) return;
                const asked = task.stage.kind === 'conflicted' ? task.stage.arbiter : null;
                const isAt = asked !== null && box.run.record.state.tasks.get(asked)?.stage.kind === 'running';
                const isLeft = task.stage.kind === 'conflicted' && conflictStep(box.run.record.state, task).kind === 'person';
                if (!isAt && !isLeft && !isOver(task.stage)) return;
                unlisten();
                resolve(isAt ? asked : undefined);
              };
              const unlisten = box.run.record.listen(look);
              look();
            });
          for (const [at, one] of turns.entries()) {
            mine(one, 'before');
            const rows = LINES.map((row, n) => (one.lines.includes(n) ? `${one.path} ${row} by ${at}\n` : `${one.path} ${row}\n`));
            await agents[at]?.finish({ [one.path]: rows.join('') });
            for (let asked = await settled(`t${at}`); asked !== undefined; asked = await settled(`t${at}`)) {
              mine(one, 'meanwhile');
              await decideBoth(box, await box.agents.agent(asked));
            }
            for (const { by: who } of box.run.record.state.tasks.get(`t${at}`)?.settlements ?? []) seen.add(who.kind);
            if (box.run.record.state.tasks.get(`t${at}`)?.stage.kind === 'conflicted') seen.add('left');
          }
          valued(await box.ended);
          const now = FILES.map((path) => box.workspace.buffers.get(path) ?? readFileSync(join(box.root, path), 'utf8')).join('');
          for (const own of written) assert.equal(now.split('\n').filter((row) => row === own).length, 1, `${own} in\n${now}`);
        },
      ),
      { numRuns: 24 },
    );
    // Else it says nothing of them.
    assert.deepEqual([...seen].sort(), ['arbiter', 'left', 'rule']);
  });
});
