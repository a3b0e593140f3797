/** What the engine itself takes: for tasks that do nothing, for a tree of tasks, and for reading a journal; and what many tasks leave behind. */
import { systemClock } from '../../src/domain/clock';
import { MAX_WORKERS } from '../../src/domain/settings';
import { Pool } from '../../src/engine/agents/pool/pool';
import { processWorker } from '../../src/engine/agents/pool/processWorker';
import { RunRecord, readState } from '../../src/engine/journal/record';
import { scenarioSchema } from '../../src/model/scenario';
import { openRepository, type Repository } from '../../src/repo/repository';
import { makeRepository } from '../run/folders';
import { atMost, type Row } from './row';
import { drivePlan, pausingModel, planOf, startOf } from './runs';
import { measureAgents, measureNothing } from './soak';
import { must, timed } from './timing';

const ROUNDS = 5;
const TASKS = 1000;
const EVENTS = 10_000;
/** How long each agent of the tree thinks over a turn: real ones take longer, and what Weft adds to each is the same. */
const THINK_MS = 2_000;

type Say = (line: string) => void;

/** `entry`: the script of processes of agents. */
export async function measureEngine(folder: string, entry: string, say: Say): Promise<Row[]> {
  makeRepository(folder, { 'README.md': 'Measured.\n' });
  const repo = must(await openRepository(folder));
  const pool = new Pool({ entry });
  try {
    return [
      ...(await measureNothing(repo, say)),
      ...(await measureAgents(repo, entry, say)),
      await measureReplay(repo, say),
      await measureTree(repo, pool, say),
    ];
  } finally {
    await pool.close();
    await repo.objects.dispose();
  }
}

/** What a long run's journal is made of: for each task its beginning, what its agent does, and its end. */
async function measureReplay(repo: Repository, say: Say): Promise<Row> {
  say(`replaying a journal of ${EVENTS.toLocaleString('en')} events`);
  const each = EVENTS / TASKS;
  const plan = planOf(Array.from({ length: TASKS }, (_, at) => ({ id: `t${at}` })));
  const record = must(RunRecord.begin(repo.stateDir, startOf(plan, 'replayed'), systemClock));
  for (const { id } of plan.tasks) {
    record.emit({ type: 'task.started', task: id, base: 'c' });
    for (let more = 3; more < each; more += 2) {
      record.emit({ type: 'task.step', task: id, step: 'Reading src/a.ts' });
      record.emit({ type: 'task.turn', task: id, usage: { input: 12, output: 345, cacheRead: 6_789, cacheWrite: 10 } });
    }
    record.emit({ type: 'task.done', task: id, summary: 'Did what was asked.', changeset: null, changes: [] });
    record.emit({ type: 'task.landed', task: id, before: 'c', after: 'c' });
  }
  record.close();
  const samples: number[] = [];
  for (let round = 0; round < ROUNDS; round++) samples.push((await timed(async () => must(readState(repo.stateDir, 'replayed')))) / 1000);
  return { name: `replaying ${EVENTS.toLocaleString('en')} events`, unit: 's', samples, reference: null, limit: atMost(0.2) };
}

/** One task that has ten others do parts of it, each of which has ten more do parts of that. */
async function measureTree(repo: Repository, pool: Pool, say: Say): Promise<Row> {
  say('a tree of 1, 10 and 100 tasks');
  const ten = (within: string) => ({
    parts: Array.from({ length: 10 }, (_, at) => ({ name: `p${at}`, title: `Part ${at}`, instructions: `Do part ${within}${at}.` })),
  });
  const turn = (tool: string, input: unknown) => ({ thinkMs: THINK_MS, calls: [{ tool, input }] });
  const finish = turn('finish', { summary: 'Done.' });
  const children = Array.from({ length: 10 }, (_, at) => `top.${at + 1}`);
  const scenario = scenarioSchema.parse({
    tasks: {
      top: [turn('spawn', ten('')), finish],
      ...Object.fromEntries(children.map((id) => [id, [turn('spawn', ten(`${id} `)), finish]])),
    },
    otherwise: [finish],
  });
  const worker = processWorker(pool, { repo, model: pausingModel(scenario) });
  const { state, driveMs } = await drivePlan(repo, planOf([{ id: 'top' }]), worker, MAX_WORKERS);
  if (state.tasks.size !== 111) throw new Error(`The tree has ${state.tasks.size} tasks.`);
  // Those above the leaves think twice: before their parts, and after them.
  const bound = (5 * THINK_MS) / 1000;
  return {
    name: 'a tree of 1, 10 and 100 tasks',
    unit: 's',
    samples: [driveMs / 1000],
    reference: { name: 'its longest way', samples: [bound], ratio: 'over' },
    limit: atMost(1.2),
  };
}
