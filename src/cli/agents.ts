/** Who works on the tasks of a run from the command line: processes of their own, or the CLI's process itself. */
import { join } from 'node:path';
import { Pool } from '../engine/agents/pool/pool';
import { processWorker } from '../engine/agents/pool/processWorker';
import type { Worker } from '../engine/agents/worker';
import type { RunModel } from '../model/runModel';
import type { Repository } from '../repo/repository';

export interface Agents extends Omit<RunModel, 'model'> {
  readonly worker: Worker;
  /** To be called when the run is over; resolves when no process is left. */
  close(): Promise<void>;
}

export async function agentsOf(repo: Repository, { model, ...asking }: RunModel, inProcess: boolean): Promise<Agents> {
  if (inProcess) {
    const { inProcessWorker } = await import('../engine/agents/bundledAgents.js');
    return { ...asking, worker: inProcessWorker(repo, model), close: async () => undefined };
  }
  const pool = new Pool({ entry: join(__dirname, 'worker.js') });
  return { ...asking, worker: processWorker(pool, { repo, model }), close: () => pool.close() };
}
