/** A process of agents that do nothing: what is left is what Weft itself takes for a task. */
import { serveJobs } from '../../src/engine/agents/pool/serve';

void serveJobs({
  input: process.stdin,
  output: process.stdout,
  workerOf: () => async () => ({ kind: 'done', summary: 'Done.', changeset: null, changes: [], reads: [] }),
}).then((served) => process.exit(served.ok ? 0 : 1));
