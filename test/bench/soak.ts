/** What many tasks leave behind: of memory and open files, in the process that drives them and in those of their agents. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pool } from '../../src/engine/agents/pool/pool';
import { processWorker } from '../../src/engine/agents/pool/processWorker';
import { scenarioSchema } from '../../src/model/scenario';
import type { Repository } from '../../src/repo/repository';
import { childrenOf } from '../support/liveProcesses';
import { atMost, type Limit, noLimit, type Row } from './row';
import { drivePlan, pausingModel, planOf } from './runs';

/** Runs after the first one, which starts the processes and warms everything up. */
const RUNS = 10;
/** Tasks of a run: that do nothing, and with real agents. */
const NOTHINGS = 1000;
const AGENTS = 50;

type Say = (line: string) => void;

/** Bytes in memory, and open files. */
interface Held {
  readonly rss: number;
  readonly files: number;
}

interface Soak {
  /** The script of the processes of its agents. */
  readonly entry: string;
  readonly tasks: number;
  /** What each run is, as `1,000 tasks that do nothing`. */
  readonly what: string;
  readonly scenario: unknown;
}

interface Soaked {
  readonly seconds: readonly number[];
  /** After each run, from the first one on: of this process, and of each of its agents' processes. */
  readonly own: readonly Held[];
  readonly agents: readonly (readonly Held[])[];
}

/** A thousand tasks that do nothing, over and over: what one run of them takes, and what ten thousand tasks leave behind. */
export async function measureNothing(repo: Repository, say: Say): Promise<Row[]> {
  const soak = { entry: join(__dirname, 'nothing.js'), tasks: NOTHINGS, what: `${counted(NOTHINGS)} tasks that do nothing`, scenario: {} };
  const { seconds, own, agents } = await soaked(repo, soak, say);
  return [
    { name: soak.what, unit: 's', samples: seconds, reference: null, limit: atMost(0.5) },
    leftIn('memory', own.map(kib), NOTHINGS, atMost(1.25)),
    leftIn('open files', own.map(filesOf), NOTHINGS, atMost(1)),
    // They serve jobs that do nothing: what grows is kept for jobs that are over. Nobody collects their garbage, so their memory is only shown.
    leftIn(
      'memory of their processes',
      agents.map((all) => sum(all.map(kib))),
      NOTHINGS,
      noLimit,
    ),
    leftIn(
      'open files of their processes',
      agents.map((all) => sum(all.map(filesOf))),
      NOTHINGS,
      atMost(1),
    ),
  ];
}

/** Real agents, over and over: each reads a file, and finishes. */
export async function measureAgents(repo: Repository, entry: string, say: Say): Promise<Row[]> {
  const turns = [
    { calls: [{ tool: 'read_file', input: { path: 'README.md' } }] },
    { calls: [{ tool: 'finish', input: { summary: 'Read it.' } }] },
  ];
  const what = `${AGENTS} tasks with real agents`;
  const { agents, own } = await soaked(repo, { entry, tasks: AGENTS, what, scenario: { tasks: {}, otherwise: turns } }, say);
  const name = (of: string) => `${of}, with real agents,`;
  return [
    leftIn(name('memory'), own.map(kib), AGENTS, noLimit),
    leftIn(name('open files'), own.map(filesOf), AGENTS, atMost(1)),
    leftIn(
      name('memory of their processes'),
      agents.map((all) => sum(all.map(kib))),
      AGENTS,
      noLimit,
    ),
    leftIn(
      name('open files of their processes'),
      agents.map((all) => sum(all.map(filesOf))),
      AGENTS,
      atMost(1),
    ),
  ];
}

/** What there is after the last run, over what there was after the second one. */
function leftIn(what: string, samples: readonly number[], tasks: number, limit: Limit): Row {
  return {
    name: `${what} after ${counted(RUNS * tasks)} of them`,
    unit: what.includes('files') ? 'files' : 'KiB',
    samples: [samples.at(-1) ?? 0],
    reference: { name: `after ${counted(2 * tasks)}`, samples: [samples.at(1) ?? 0], ratio: 'over' },
    limit,
  };
}

async function soaked(repo: Repository, { entry, tasks, what, scenario }: Soak, say: Say): Promise<Soaked> {
  const pool = new Pool({ entry });
  const plan = planOf(Array.from({ length: tasks }, (_, at) => ({ id: `t${at}` })));
  const worker = processWorker(pool, { repo, model: pausingModel(scenarioSchema.parse(scenario)) });
  const seconds: number[] = [];
  const own: Held[] = [];
  const agents: Held[][] = [];
  try {
    for (let run = 0; run <= RUNS; run++) {
      say(`${what}, ${run} of ${RUNS}`);
      const { driveMs } = await drivePlan(repo, plan, worker, 5);
      global.gc?.();
      if (run > 0) seconds.push(driveMs / 1000);
      own.push(heldBy(process.pid));
      agents.push(childrenOf(process.pid, entry).map(({ pid }) => heldBy(pid)));
    }
  } finally {
    await pool.close();
  }
  return { seconds, own, agents };
}

/** As the system tells it. */
function heldBy(pid: number): Held {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  if (kibibytes === undefined) throw new Error(`The system does not tell how much memory the process ${pid} has.`);
  return { rss: Number(kibibytes) * 1024, files: readdirSync(`/proc/${pid}/fd`).length };
}

function kib({ rss }: Held): number {
  return rss / 1024;
}

function filesOf({ files }: Held): number {
  return files;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

function counted(tasks: number): string {
  return tasks.toLocaleString('en');
}
