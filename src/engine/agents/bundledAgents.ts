/**
 * What needs the SDK: a bundle of its own, which the extension, the CLI and the processes of agents share. It comes with the first plan or agent, so
 * that a window that only opens, or a command that only looks, does not wait for it.
 */
import type { Readable, Writable } from 'node:stream';
import type { Result } from '../../domain/failure';
import { inProcessWorker } from './inProcess';
import { serveJobs } from './pool/serve';

export { makePlan } from '../../plan/planner';
export { projectReader } from '../project/readProject';
export { inProcessWorker };

/** What a process of agents does, as long as it lives. */
export function serveAgents(input: Readable, output: Writable): Promise<Result<void>> {
  return serveJobs({ input, output, workerOf: inProcessWorker });
}
