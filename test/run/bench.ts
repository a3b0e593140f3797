/** `npm run bench`: measures what Weft promises about its speed and size, and ends with 1 where a limit is not kept. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Pool } from '../../src/engine/agents/pool/pool';
import { measureLoading, measureVsix } from '../bench/bundle';
import { measureEngine } from '../bench/engine';
import { measureNested } from '../bench/nested';
import { measurePipeline } from '../bench/pipeline';
import { atMost, keepsLimit, type Row } from '../bench/row';
import { measureRun } from '../bench/run';
import { measureSchedule } from '../bench/schedule';
import { measureStreaming } from '../bench/streaming';
import { measureStress } from '../bench/stress';
import { jsonText, tableLines } from '../bench/table';
import { measureWorkspace } from '../bench/workspace';
import { activationMilliseconds } from '../ui/activation';
import { openWorkbench } from '../ui/workbench';
import { findBrowser } from './browser';
import { bundles, runCheck, vsixPath } from './checks';
import { installHost } from './install';
import { Problem } from './problem';
import { type Processes, runCommand } from './processes';
import { installVsix } from './server';

/** A short task: real agents take minutes. What Weft adds to each is the same, however long it takes. */
const TASK_MS = 10_000;
const ACTIVATIONS = 3;

const usage = `npm run bench -- [--only PART]... [--json]
  --only PART   only this one: workspace, nested, stress, run, streaming, schedule, engine, pipeline, bundle, activation
  --json        the rows as JSON, for machines (npm --silent leaves its own lines out)`;

/** What is going on; the table alone goes to the standard output. */
const say = (line: string): void => {
  process.stderr.write(`${line} …\n`);
};

type Part = (processes: Processes) => Promise<Row[]>;

const parts: Record<string, Part> = {
  workspace: async (processes) => measureWorkspace(processes.folder('bench'), await ripgreps(processes), say),
  nested: (processes) => measureNested(processes.folder('bench'), say),
  stress: (processes) => measureStress(processes.folder('bench'), say),
  run: (processes) => withPool((pool) => measureRun(folders(processes.folder('bench')), pool, TASK_MS, say)),
  streaming: (processes) => measureStreaming(processes.folder('bench'), say),
  schedule: (processes) => withPool((pool) => measureSchedule(processes.folder('bench'), pool, say)),
  engine: (processes) => measureEngine(processes.folder('bench'), agentsEntry, say),
  pipeline: () => measurePipeline(say),
  bundle: async (processes) => {
    await packageIt(processes);
    return [measureVsix(vsixPath), measureLoading()];
  },
  activation: async (processes) => {
    await packageIt(processes);
    return [await measureActivation(processes)];
  },
};

/** The processes of agents as they ship; `npm run bench` bundles them first. */
const agentsEntry = join(__dirname, '..', '..', '..', 'dist', 'worker.js');

async function withPool(measure: (pool: Pool) => Promise<Row[]>): Promise<Row[]> {
  const pool = new Pool({ entry: agentsEntry });
  return measure(pool).finally(() => pool.close());
}

/** Makes numbered folders inside one. */
function folders(parent: string): () => string {
  let made = 0;
  return () => {
    const folder = join(parent, `run${made++}`);
    mkdirSync(folder);
    return folder;
  };
}

/** The machine's own, and the one that VS Code brings. */
async function ripgreps(processes: Processes): Promise<string[]> {
  const { vscode } = await installHost(processes, say);
  return ['rg', join(vscode, 'node_modules', '@vscode', 'ripgrep-universal', 'bin', `${process.platform}-${process.arch}`, 'rg')];
}

let packaged = false;

/** The production bundles, as they ship; once. */
async function packageIt(processes: Processes): Promise<void> {
  if (packaged) return;
  packaged = true;
  say('packaging the VSIX');
  const [failure] = (await runCheck(bundles, processes)).failures;
  if (failure !== undefined) throw new Problem(failure.message);
}

/** As VS Code itself measures it, in a real one. */
async function measureActivation(processes: Processes): Promise<Row> {
  const host = await installHost(processes, say);
  const browser = await findBrowser(processes, host, say);
  const folder = processes.folder('bench');
  const extensions = join(folder, 'extensions');
  await installVsix(processes, host, { data: join(folder, 'install'), extensions }, vsixPath);
  process.env.WEFT_UI = JSON.stringify({ host, browser, extensions });
  const samples: number[] = [];
  for (let round = 1; round <= ACTIVATIONS; round++) {
    say(`activation in a real VS Code, ${round} of ${ACTIVATIONS}`);
    const workbench = await openWorkbench();
    samples.push(await activationMilliseconds(workbench));
    await workbench.close();
  }
  return { name: 'activating the extension', unit: 'ms', samples, reference: null, limit: atMost(100) };
}

void runCommand(async (processes, signal) => {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, json: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const unknown = values.only?.filter((name) => !(name in parts)) ?? [];
  if (unknown.length > 0) throw new Problem(`no part is called ${unknown.join(', ')}\n${usage}`);
  const rows: Row[] = [];
  // A hundred thousand files more would lie among the person's own.
  process.env['WEFT_STATE_DIR'] = processes.folder('bench-state');
  for (const [name, measure] of Object.entries(parts)) {
    if (signal.aborted) return 1;
    if (values.only === undefined || values.only.includes(name)) rows.push(...(await measure(processes)));
  }
  process.stdout.write(`${values.json ? jsonText(rows) : tableLines(rows).join('\n')}\n`);
  const over = rows.filter((row) => !keepsLimit(row)).map((row) => row.name);
  process.stderr.write(over.length > 0 ? `over the limit: ${over.join('; ')}\n` : 'All within their limits.\n');
  return over.length > 0 ? 1 : 0;
});
