/** Who works on the tasks of a run from the command line: processes of their own, or the CLI's process itself. */
import { join } from 'node:path';
import { Pool } from '../engine/agents/pool/pool';
import { processWorker } from '../engine/agents/pool/processWorker';
import type { Worker } from '../engine/agents/worker';
import type { ProjectReader } from '../engine/project/project';
import type { RunModel } from '../model/runModel';
import type { Repository } from '../repo/repository';
import { projectOf } from './project';

export interface Agents extends Omit<RunModel, 'model'> {
  readonly worker: Worker;
  /** Reads what they are told of the project. */
  readonly project: ProjectReader;
  /** To be called when the run is over; resolves when no process is left. */
  close(): Promise<void>;
}

export async function agentsOf(repo: Repository, { model, ...asking }: RunModel, inProcess: boolean): Promise<Agents> {
  const project = await projectOf(repo);
  if (inProcess) {
    const { inProcessWorker } = await import('../engine/agents/bundledAgents.js');
    return { ...asking, project, worker: inProcessWorker(repo, model), close: async () => undefined };
  }
  const pool = new Pool({ entry: join(__dirname, 'worker.js') });
  return { ...asking, project, worker: processWorker(pool, { repo, model }), close: () => pool.close() };
}
