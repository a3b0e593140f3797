/** A realistic day: twenty tasks of three roles, and all that comes in between, in one run of real agents in processes of their own. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type Approvals, DEFAULT_VERDICTS } from '../../src/domain/approvals';
import { systemClock } from '../../src/domain/clock';
import type { RunEvent } from '../../src/domain/event';
import type { Answer, Ask } from '../../src/domain/inbox';
import { planSchema } from '../../src/domain/plan';
import { DEFAULT_PROTECT } from '../../src/domain/protected';
import { openItems } from '../../src/domain/reduceInbox';
import { DEFAULT_CONFLICT_PRIORITY } from '../../src/domain/settings';
import { settlementText } from '../../src/domain/settlement';
import { NO_USAGE } from '../../src/domain/usage';
import type { ActPorts } from '../../src/engine/acts/acts';
import { commandExecutor } from '../../src/engine/acts/commands';
import { processWorker } from '../../src/engine/agents/pool/processWorker';
import { beginRun } from '../../src/engine/begin';
import { folderChecker } from '../../src/engine/landing/check';
import { resolveFile } from '../../src/engine/landing/landing';
import { projectReader } from '../../src/engine/project/readProject';
import type { LiveRun } from '../../src/engine/run';
import { summarize } from '../../src/engine/summary';
import type { ModelFetch } from '../../src/model/fetch';
import { runModel } from '../../src/model/runModel';
import { scenarioSchema, type Turn } from '../../src/model/scenario';
import { scriptedModel } from '../../src/model/scripted';
import { SharedModels } from '../../src/model/sharedModels';
import { systemTime } from '../../src/model/time';
import { folderPool } from '../../src/repo/commands/folderPool';
import { resolvedEntry } from '../../src/repo/land/conflictFiles';
import { editor } from '../support/editor';
import { openPool } from '../support/pooledRun';
import { NEVER, valued } from '../support/result';
import { folderState, type Sandbox, sandbox } from '../support/sandbox';

const ROLES = join(__dirname, '..', '..', '..', 'media', 'roles');

const write = (path: string, content: string) => ({ tool: 'write_file', input: { path, content } });
const edit = (path: string, old: string, by: string) => ({ tool: 'edit_file', input: { path, old, new: by } });
const read = (path: string) => ({ tool: 'read_file', input: { path } });
const finish = (summary: string) => ({ tool: 'finish', input: { summary } });
const part = (name: string) => ({ name, title: `Part ${name}`, role: 'coder', instructions: `Write the part ${name}.` });

const TOTAL = "export const total = (sum) => sum;\n// Rounding comes later.\nexport const currency = 'EUR';\n";
const README = '# Shop\n\nA shop.\n\n## Use\n\nnpm start\n';
const FILES = {
  'README.md': README,
  'src/total.js': TOTAL,
  // Green as long as nobody leaves a mark of half-done work.
  'check.mjs': [
    "import { readdirSync, readFileSync } from 'node:fs';",
    "for (const name of readdirSync('src')) {",
    "  if (readFileSync('src/' + name, 'utf8').includes('TODO')) throw new Error(name + ' is half-done');",
    '}\n',
  ].join('\n'),
};

const PAGES = [1, 2, 3, 4, 5, 6, 7];
/** The files of the task that takes more than it may spend. */
const SHELVES = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `src/shelf${n}.js`);
const page = (n: number) => `page${n}`;

const BUDGET = 30_000;

interface Given {
  readonly role: string;
  readonly on?: readonly string[];
  readonly turns: readonly Turn[];
  readonly first?: boolean;
  readonly budgetTokens?: number;
}

/** A task that writes one file. */
const plain = (role: string, path: string, on: readonly string[] = []): Given => ({
  role,
  on,
  turns: [{ calls: [write(path, `${path}\n`)] }, { calls: [finish(`Wrote ${path}.`)] }],
});

const TASKS: Readonly<Record<string, Given>> = {
  schema: plain('coder', 'src/schema.js'),
  // Its first try is red; its agent mends it in its own conversation.
  totals: {
    role: 'coder',
    turns: [
      { calls: [write('src/totals.js', 'TODO\n'), finish('Done.')] },
      { calls: [write('src/totals.js', 'totals\n'), finish('Mended.')] },
    ],
  },
  // Both change the same line.
  price: {
    role: 'coder',
    first: true,
    turns: [{ calls: [edit('src/total.js', '(sum) => sum', '(sum) => sum * price'), finish('Prices.')] }],
  },
  tax: {
    role: 'coder',
    first: true,
    turns: [{ calls: [read('src/total.js')] }, { calls: [edit('src/total.js', '(sum) => sum', '(sum) => sum + tax'), finish('Taxes.')] }],
  },
  brand: { role: 'docs', first: true, turns: [{ calls: [edit('README.md', 'A shop.', 'A shop for tea.'), finish('Tea.')] }] },
  name: {
    role: 'docs',
    first: true,
    turns: [{ calls: [read('README.md')] }, { calls: [edit('README.md', 'A shop.', 'A shop for coffee.'), finish('Coffee.')] }],
  },
  api: {
    role: 'coder',
    on: ['schema'],
    turns: [
      { calls: [{ tool: 'spawn', input: { parts: [part('get'), part('put')] } }] },
      { calls: [write('src/api.js', 'api\n'), finish('Both parts.')] },
    ],
  },
  // Needs leave for what it runs.
  build: {
    role: 'coder',
    on: ['api'],
    turns: [
      { calls: [{ tool: 'run', input: { command: "node -e \"require('fs').writeFileSync('src/built.js', 'built\\n')\"" } }] },
      { calls: [finish('Built.')] },
    ],
  },
  // Does not know what it is to be called.
  guide: {
    role: 'docs',
    on: ['brand', 'name'],
    turns: [
      { calls: [{ tool: 'ask', input: { question: 'For whom is the guide?', options: ['Users', 'Developers'] } }] },
      { calls: [write('docs/guide.md', 'For users.\n'), finish('Asked.')] },
    ],
  },
  ...Object.fromEntries(PAGES.map((n) => [page(n), plain('coder', `src/${page(n)}.js`, n % 2 === 0 ? ['schema'] : [])])),
  // Its budget does not do: it goes on when the person gives it more.
  stock: {
    role: 'coder',
    budgetTokens: BUDGET,
    turns: [...SHELVES.map((path) => ({ calls: [write(path, `${path}\n`)] })), { calls: [finish('All shelves.')] }],
  },
  unit: plain('tester', 'test/unit.js', ['price', 'tax']),
  flows: plain('tester', 'test/flows.js', PAGES.map(page)),
  notes: plain('docs', 'docs/notes.md', ['api', 'unit']),
};

/** Of what was made for tasks. */
const MADE: Readonly<Record<string, readonly Turn[]>> = {
  'api.1': [{ calls: [write('src/get.js', 'get\n'), finish('Get.')] }],
  'api.2': [{ calls: [write('src/put.js', 'put\n'), finish('Put.')] }],
  'tax.1': [
    { calls: [write('src/total.js', TOTAL.replace('=> sum', '=> sum * price + tax')), finish('Both: the price, then the tax on it.')] },
  ],
  'name.1': [{ calls: [{ tool: 'leave_open', input: { why: 'It sells either tea or coffee.' } }] }],
};

/** Goes on, after its first turn, when another task has landed: the day is the same whatever the machine does. */
const AFTER: Readonly<Record<string, string>> = { tax: 'price', name: 'brand' };

interface Day extends Sandbox {
  readonly run: LiveRun;
  readonly events: RunEvent[];
  /** How often each task's agent asked for a turn. */
  readonly asked: Map<string, number>;
  readonly ended: ReturnType<LiveRun['drive']>;
}

const APPROVALS: Approvals = { verdicts: DEFAULT_VERDICTS, commands: {}, protect: DEFAULT_PROTECT, seconds: null, landingSeconds: null };

/** What the person says to what they are asked. */
function answerTo(ask: Ask): Answer {
  switch (ask.kind) {
    case 'command':
      return { kind: 'approved', scope: 'once' };
    case 'question':
      return { kind: 'said', text: 'Users' };
    case 'decision':
      return { kind: 'said', text: ask.options[0] ?? '' };
    default:
      return assert.fail(`nobody should ask: ${JSON.stringify(ask)}`);
  }
}

/** What the person does: answers what is asked, and decides what is left to them. Rejects where they cannot. */
function person(box: Sandbox, run: LiveRun): Promise<never> {
  const decided = new Set<string>();
  const look = async (): Promise<void> => {
    for (const { id, ask } of openItems(run.record.state)) valued(run.controls.answer(id, answerTo(ask)));
    for (const { task, stage } of run.record.state.tasks.values()) {
      if (stage.kind !== 'conflicted' || stage.left === null || decided.has(task.id)) continue;
      decided.add(task.id);
      for (const file of stage.conflict.files) {
        const entry = valued(await resolvedEntry(box.repo, file, Buffer.from(README.replace('A shop.', 'A shop for tea and coffee.'))));
        resolveFile(run.record, task.id, file.path, entry);
      }
    }
  };
  // What happens is settled before the person sees it.
  return new Promise((_, reject) => {
    run.record.listen(() => void Promise.resolve().then(look).catch(reject));
  });
}

async function day(): Promise<Day> {
  const box = await sandbox(FILES);
  const turns = { ...Object.fromEntries(Object.entries(TASKS).map(([id, task]) => [id, task.turns])), ...MADE };
  const scripted = scriptedModel(scenarioSchema.parse({ tasks: turns }), { paceMs: 0, wait: async () => undefined });
  const asked = new Map<string, number>();
  let landed: (task: string) => Promise<void> = () => Promise.resolve();
  const source: ModelFetch = async (request) => {
    const task = request.headers.get('x-weft-task') ?? '';
    asked.set(task, (asked.get(task) ?? 0) + 1);
    const before = AFTER[task];
    // Not the first: with that one all others may wait for the cache.
    if (before !== undefined && asked.get(task) === 2) await landed(before);
    return scripted(request);
  };
  const { model, ...asking } = runModel({
    source,
    door: 'day',
    shared: new SharedModels(systemTime),
    prices: {},
    fallbacks: [],
    record: undefined,
  });
  const folders = folderPool(box.repo, { link: [], most: 2, quotaBytes: 1e9 }, systemClock);
  const acts: ActPorts = { approvals: () => APPROVALS, command: commandExecutor(box.repo, folders) };
  const tasks = Object.entries(TASKS).map(([id, { role, on = [], first = false, budgetTokens }]) => ({
    id,
    title: `The ${id}`,
    role,
    instructions: `Do ${id}.`,
    dependsOn: [...on],
    ...(first && { priority: 1 }),
    ...(budgetTokens !== undefined && { budgetTokens }),
  }));
  const plan = planSchema.parse({ goal: 'A day at the shop', tasks, check: 'node check.mjs' });
  const ports = {
    ...asking,
    repo: box.repo,
    workspace: editor(box.repo.root),
    worker: processWorker(openPool(), { repo: box.repo, model }),
    check: folderChecker(folders),
    acts,
    project: projectReader(box.repo, { builtIn: ROLES, lessons: () => false }),
    clock: systemClock,
    time: systemTime,
  };
  const request = {
    plan,
    model: 'scripted:day',
    planning: NO_USAGE,
    limits: { maxWorkers: 8, undecided: 'wait' as const },
    conflicts: { by: 'arbiter' as const, priority: DEFAULT_CONFLICT_PRIORITY },
  };
  const run = valued(await beginRun(request, ports, NEVER));
  const events: RunEvent[] = [];
  run.record.listen((event) => events.push(event));
  landed = (task) =>
    new Promise((resolve) => {
      const look = () => {
        if (run.record.state.tasks.get(task)?.stage.kind !== 'landed') return;
        unlisten();
        resolve();
      };
      const unlisten = run.record.listen(look);
      look();
    });
  const trouble = person(box, run);
  return { ...box, run, events, asked, ended: Promise.race([run.drive(), trouble]) };
}

describe('a realistic day', function () {
  this.timeout(180_000);

  it('ends with everything landed: spawns, a red check, an approval, a question, a budget that is raised, and two conflicts in between', async () => {
    const { root, run, events, asked, ended } = await day();
    const state = valued(await ended);
    const stages = Object.fromEntries([...state.tasks].map(([id, { stage }]) => [id, stage.kind]));
    const landed = Object.fromEntries(Object.keys(TASKS).map((id) => [id, 'landed']));
    assert.equal(Object.keys(landed).length, 20);
    assert.deepEqual(stages, { ...landed, 'api.1': 'joined', 'api.2': 'joined', 'tax.1': 'joined', 'name.1': 'failed' });
    assert.deepEqual(
      new Set([...state.tasks.values()].filter(({ depth }) => depth === 0).map(({ task }) => task.role)),
      new Set(['coder', 'docs', 'tester', 'arbiter']),
    );

    const made = ['schema.js', 'totals.js', 'api.js', 'get.js', 'put.js', 'built.js', ...PAGES.map((n) => `${page(n)}.js`)];
    assert.deepEqual(folderState(root), {
      ...Object.fromEntries(made.map((name) => [`src/${name}`, `file ${contentOf(name)}`])),
      ...Object.fromEntries(SHELVES.map((path) => [path, `file ${path}\n`])),
      'README.md': `file ${README.replace('A shop.', 'A shop for tea and coffee.')}`,
      'check.mjs': `file ${FILES['check.mjs']}`,
      'docs/guide.md': 'file For users.\n',
      'docs/notes.md': 'file docs/notes.md\n',
      'src/total.js': `file ${TOTAL.replace('=> sum', '=> sum * price + tax')}`,
      'test/flows.js': 'file test/flows.js\n',
      'test/unit.js': 'file test/unit.js\n',
    });

    const settled = [...state.tasks.values()].flatMap(({ settlements }) => settlements.map(settlementText));
    assert.deepEqual(settled.sort(), ['README.md: decided by the person', 'src/total.js: decided by the arbiter tax.1']);
    const left = events.flatMap((event) => (event.type === 'task.leftOpen' ? [event.failure.message] : []));
    assert.deepEqual(left, ['The arbiter cannot tell: It sells either tea or coffee.']);
    const red = events.flatMap((event) => (event.type === 'task.checked' && !event.ok ? [event.task] : []));
    assert.deepEqual([red, state.tasks.get('totals')?.work.reworks], [['totals'], { stale: 0, check: 1 }]);
    assert.deepEqual(
      Object.fromEntries(
        [...state.inbox.values()].map(({ ask, answer, askers }) => [ask.kind, [answer?.kind, ...askers.map(({ task }) => task)]]),
      ),
      { command: ['approved', 'build'], question: ['said', 'guide'], decision: ['said'] },
    );
    const spent = events.flatMap((event) =>
      event.type === 'task.parked' || event.type === 'run.outOfBudget' || event.type === 'run.budgeted' ? [event.type] : [],
    );
    assert.deepEqual(spent.sort(), ['run.budgeted', 'run.outOfBudget', 'task.parked']);
    // No turn was asked for twice.
    const turns = Object.fromEntries([...state.tasks.values()].map(({ task, work }) => [task.id, work.turns]));
    assert.deepEqual(Object.fromEntries([...asked].sort()), Object.fromEntries(Object.entries(turns).sort()));
    const summary = summarize(state, state.endedAt);
    assert.deepEqual([summary.conflicts, summary.settled, summary.reworks], [0, { person: 1, arbiter: 1, rule: 0 }, 1]);
    assert.equal(run.record.state.phase, 'finished');
  });
});

function contentOf(name: string): string {
  const own: Readonly<Record<string, string>> = {
    'totals.js': 'totals\n',
    'api.js': 'api\n',
    'get.js': 'get\n',
    'put.js': 'put\n',
    'built.js': 'built\n',
  };
  return own[name] ?? `src/${name}\n`;
}
