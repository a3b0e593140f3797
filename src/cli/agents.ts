/** Who works on the tasks of a run from the command line: processes of their own, or the CLI's process itself. */
import { join } from 'node:path';
import { Pool } from '../engine/agents/pool/pool';
import { processWorker } from '../engine/agents/pool/processWorker';
import type { Worker } from '../engine/agents/worker';
import type { ModelFetch } from '../model/fetch';
import { Hold } from '../model/hold';
import type { Repository } from '../repo/repository';

export interface Agents {
  readonly worker: Worker;
  /** Stands before their model. */
  readonly hold: Hold;
  /** To be called when the run is over; resolves when no process is left. */
  close(): Promise<void>;
}

export async function agentsOf(repo: Repository, model: ModelFetch, inProcess: boolean): Promise<Agents> {
  const hold = new Hold();
  const held = hold.part(model);
  if (inProcess) {
    const { inProcessWorker } = await import('../engine/agents/bundledAgents.js');
    return { worker: inProcessWorker(repo, held), hold, close: async () => undefined };
  }
  const pool = new Pool({ entry: join(__dirname, 'worker.js') });
  return { worker: processWorker(pool, { repo, model: held }), hold, close: () => pool.close() };
}
