/** A run to which nearly everything happens, killed before the first of each kind of event: it goes on from there, and comes to the same end. */
import assert from 'node:assert/strict';
import type { RunEvent } from '../../src/domain/event';
import { TYPES } from '../support/anyEvent';
import { AFTER, ARGUMENTS, attend, busyModel, FAILED, FILES, LANDED, PLAN, SAME } from '../support/busyRun';
import { journalOf, runIn, type Scene, sampleOf, sceneOf, startCut, stateDirOf } from '../support/cutRuns';
import { afterThisTest, folderState } from '../support/sandbox';
import { buildWeft, type Ended, ending } from '../support/weft';

/** What this run does not come to: a child that joins (the run of resume.test.ts has one), and what is done in an editor, or when a run is over. */
const ELSEWHERE = [
  ...['task.joined', 'run.limited'],
  ...['task.resolved', 'task.discarded', 'task.undone', 'task.redone', 'task.partUndone', 'task.partRedone', 'task.kept'],
];

/** All others, also those that there will be: what is not killed at one of them fails. */
const KINDS = TYPES.filter((type) => !ELSEWHERE.includes(type));

async function scene(): Promise<Scene> {
  const made: { scene?: Scene } = {};
  made.scene = await sceneOf(
    FILES,
    busyModel(() => (made.scene === undefined ? [] : journalOf(made.scene))),
  );
  const { server } = made.scene;
  afterThisTest(() => server.close());
  const before = startCut(made.scene, ['run', '-', ...ARGUMENTS]);
  before.stdin.end(SAME);
  await ending(before);
  return made.scene;
}

/** Until it ends, or is killed right before a step, with the person at it. */
async function run(scene: Scene, args: readonly string[], input: string, cut?: Readonly<Record<string, string>>): Promise<Ended> {
  const child = startCut(scene, args, cut);
  const [ended] = await Promise.all([
    ending(child),
    attend(
      child,
      () => stateDirOf(scene),
      () => journalOf(scene),
    ),
    child.stdin.end(input),
  ]);
  return ended;
}

function begin(scene: Scene, cut?: Readonly<Record<string, string>>): Promise<Ended> {
  return run(scene, ['run', '-', ...ARGUMENTS], PLAN, cut);
}

/** All that it has come to. */
function assertWhole(scene: Scene, { code, out, err }: Ended): void {
  assert.equal(code, 1, `${out}\n${err}`);
  const events = journalOf(scene);
  assert.equal(events.at(-1)?.type, 'run.finished');
  const ids = (type: RunEvent['type']) => events.flatMap((event) => (event.type === type && 'task' in event ? [event.task] : []));
  const landed = ids('task.landed');
  const undecided = ['here', 'there'].filter((id) => landed.includes(id));
  assert.equal(undecided.length, 1, `${landed}`);
  assert.deepEqual(landed.toSorted(), [...LANDED, ...undecided].sort());
  assert.deepEqual(folderState(scene.root), { ...AFTER, 'd.txt': `file ${undecided[0]}\n` });
  assert.deepEqual([...new Set(ids('task.failed'))].filter((id) => FAILED.includes(id)).sort(), FAILED);
  assert.deepEqual(scene.again, [], 'asked again what was answered');
}

describe('weft resume, of a run to which nearly everything happens', function () {
  this.timeout(240_000);
  before(buildWeft);

  for (const kind of sampleOf(KINDS, 1)) {
    it(`goes on with it when it was killed before the first ${kind}`, async () => {
      const killed = await scene();
      const cut = { CUT_BEFORE: `"type":"${kind}"` };
      // Only a run that was killed is taken over.
      const first = kind === 'run.taken' ? { CUT_BEFORE: '"type":"task.landed"' } : cut;
      const { code, out, err } = await begin(killed, first);
      assert.equal(code, null, `it was not killed there\n${out}\n${err}`);
      const resume = ['resume', runIn(killed), '--fallback-model', 'spare'];
      if (kind === 'run.taken') assert.equal((await run(killed, resume, '', cut)).code, null);
      assertWhole(killed, await run(killed, resume, ''));
    });
  }
});
