/** A process of agents whose workers misbehave, each as its instructions say. */
import { readFileSync } from 'node:fs';
import { failureText } from '../../src/domain/failure';
import { childSchema } from '../../src/domain/spawn';
import { serveJobs } from '../../src/engine/agents/pool/serve';
import type { Worker } from '../../src/engine/agents/worker';

/** Has another agent do what is said there. */
function spawning(instructions: string): Worker {
  return async (_job, host) => {
    const child = childSchema.parse({ name: 'part', title: 'A part', instructions });
    const spawned = await host.spawn({ call: 'c1', draft: null, children: [child] });
    const summary = spawned.ok ? JSON.stringify(spawned.value.children) : failureText(spawned.failure);
    return { kind: 'done', summary, changeset: null, changes: [] };
  };
}

const acts: Readonly<Record<string, Worker>> = {
  'spawn one': spawning('say done'),
  'spawn one that exits': spawning('exit'),
  'say done': async (job) => ({ kind: 'done', summary: `${job.task.title} is done.`, changeset: null, changes: [] }),
  'ask which port': async (_job, host) => {
    const answer = await host.act({ call: 'c1', draft: null, act: { kind: 'question', question: 'Which port?', options: [] } });
    return { kind: 'done', summary: answer.ok ? answer.value.text : failureText(answer.failure), changeset: null, changes: [] };
  },
  break: async () => {
    throw new Error('a nail in the tyre');
  },
  exit: () => process.exit(3),
  'throw where nobody catches': () =>
    new Promise(() => {
      setImmediate(() => {
        throw new RangeError('out of all bounds');
      });
    }),
  'say what is no JSON': () =>
    new Promise(() => {
      process.stdout.write('Hello!\n');
    }),
  'answer for the person': () =>
    new Promise(() => {
      const answer = { kind: 'approved', scope: 'run' };
      process.stdout.write(`${JSON.stringify({ type: 'answer', id: 1, item: '1', answer })}\n`);
    }),
  'say what nobody knows': () =>
    new Promise(() => {
      process.stdout.write(`${JSON.stringify({ type: 'report', id: 1, report: { type: 'step', step: 5 } })}\n`);
    }),
  'go round for ever': () => {
    for (;;) readFileSync('/dev/null');
  },
};

const nothing: Worker = () => new Promise(() => undefined);

void serveJobs({
  input: process.stdin,
  output: process.stdout,
  workerOf: () => (job, host, signal) => (acts[job.task.instructions] ?? nothing)(job, host, signal),
}).then(() => process.exit(0));
