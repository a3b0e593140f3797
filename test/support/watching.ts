/** What happens in a run, as tests look at it. */
import type { RunEvent } from '../../src/domain/event';
import { ok } from '../../src/domain/failure';
import { settled } from './handTime';
import { NEVER, valued } from './result';
import type { Rig } from './run';

/** What happened in a run from now on, in short; steps and turns aside. */
export function recorded(box: Rig): string[] {
  const seen: string[] = [];
  box.run.record.listen((event) => {
    if (event.type !== 'task.step' && event.type !== 'task.turn') seen.push(shortly(event));
  });
  return seen;
}

function shortly(event: RunEvent): string {
  return 'task' in event ? `${event.type.replace('task.', '')} ${event.task}` : event.type;
}

/** Lets everything happen that can. */
export async function still(box: Rig): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await settled();
    // Whatever waits for the landing lock has had its turn.
    valued(await box.repo.landLock(NEVER, async () => ok()));
  }
}
