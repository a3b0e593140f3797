/** A process of its own that does one thing to a workspace, with the engine's own code: for tests that kill it. Exits 0 when that is done. */
import { systemClock as clock } from '../../src/domain/clock';
import { ok } from '../../src/domain/failure';
import { rollBackTo } from '../../src/engine/history/rollback';
import { undoTask } from '../../src/engine/history/undo';
import { RunRecord } from '../../src/engine/journal/record';
import { landPortsOf, landTask } from '../../src/engine/landing/landing';
import { diskWorkspace } from '../../src/repo/diskWorkspace';
import { openRepository } from '../../src/repo/repository';
import { findSnapshot, takeSnapshot } from '../../src/repo/snapshot/snapshot';
import { NEVER, valued } from './result';

/** `land ROOT RUN TASK`, `undo ROOT RUN TASK`, `rollback ROOT SNAPSHOT` or `snapshot ROOT`. */
async function main([what, root = '', name = '', task = '']: readonly string[]): Promise<void> {
  const repo = valued(await openRepository(root));
  const workspace = diskWorkspace(repo, async () => ok());
  if (what === 'snapshot') {
    valued(await takeSnapshot(repo, workspace, { label: 'Test', clock }, NEVER));
  } else if (what === 'rollback') {
    const snapshot = valued(await findSnapshot(repo, name));
    valued(await rollBackTo(snapshot, { repo, workspace, clock, openRecord: () => undefined }, NEVER));
  } else {
    const record = valued(RunRecord.open(repo.stateDir, name, clock));
    const ports = landPortsOf(record, { repo, workspace });
    if (what === 'land') valued(await landTask(record, ports, task, NEVER));
    else valued(await undoTask(record, ports, task, NEVER));
    record.close();
  }
  await repo.objects.dispose();
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  process.stderr.write(thrown instanceof Error ? `${thrown.stack}` : String(thrown));
  process.exit(1);
});
