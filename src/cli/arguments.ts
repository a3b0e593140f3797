/** The command line: which command, with what. Parsed at the edge, trusted inside. */
import { parseArgs } from 'node:util';
import { fail, ok, type Result, thrownText } from '../domain/failure';
import { parsePath } from '../domain/path';
import { MAX_TIMEOUT_SECONDS } from '../domain/plan';
import {
  DEFAULT_ATTEMPTS,
  DEFAULT_MAX_WORKERS,
  DEFAULT_MODEL,
  DEFAULT_ON_STALE,
  MAX_ATTEMPTS,
  MAX_WORKERS,
  ON_STALE,
  type OnStale,
} from '../domain/settings';
import { type Pools, readPools } from '../engine/limits';
import type { Reversal, Target } from '../engine/undo';
import { type Steer, steerOf } from './steer';

export const USAGE = `Weft runs parallel coding agents on a folder.

  weft run [PLAN.json | -] [--goal TEXT]   run a plan (from a file, or standard input), or plan a goal and run it
       --max-workers N                     agents at once (default ${DEFAULT_MAX_WORKERS})
       --pool ROLE=N                       of a role, agents at once (--pool coder=3); may be repeated
       --attempts N                        how often an agent may begin on a task before it has failed (default ${DEFAULT_ATTEMPTS})
       --timeout SECONDS                   how long the whole run may take (default: no limit)
       --model NAME                        model (default ${DEFAULT_MODEL})
       --on-stale check|ask|rework         where a file that an agent read was changed meanwhile: land if its check
                                           passes (default), leave it to you, or have the agent go on from it
       --allow-command COMMAND             with --goal: a check that the plan may run, exactly or with *; may be repeated
       --include GLOB                      ignored files, as in a .gitignore, that agents see and snapshots have (.env);
                                           may be given several times, and adds to weft.snapshot.include
       --in-process                        run agents in this process, not in processes of their own without secrets
       --no-reuse                          do everything anew, also what nothing has changed for since an earlier run
  weft runs                                the runs of this folder
  weft trace RUN [TASK]                    what the tasks of a run did when, and what would have made it faster; of one
                                           task: each turn and call of its agent
       --out DIR                           as files: an index, and one for each task
  weft undo RUN [TASK]                     take back all of a run, or one task, and keep everything else
       --file PATH                         only this file of the task
       --hunk N                            only this hunk of the file
       --call-off                          leave it: nothing of an undo that is in conflict is done
  weft redo RUN [TASK]                     bring back what was undone; --file, --hunk and --call-off as above
  weft hunks RUN TASK FILE                 what a task changed in a file, numbered
  weft blame FILE                          who wrote each line: which task of which run, or you
  weft export RUN --branch NAME            make a branch with one commit for each landed task
       --include-edits                     with your own edits before and during the run as commits of their own
  weft land RUN TASK                       land a draft that was kept, or a conflict that you merged in its files
  weft discard RUN TASK                    throw away a draft that was kept; nothing brings it back
  weft resume RUN                          go on with a run whose process was killed, where it was, with its model;
                                           --in-process as above
  weft pause RUN                           have a run that goes on wait, whoever drives it: nothing starts or lands, and no
                                           agent begins another turn of the model
  weft continue RUN                        have it go on
  weft stop RUN                            have it stop; what its agents did is kept
  weft add RUN TASK.json | -               add a task to it, written as in a plan
  weft retry RUN TASK                      do a task that did not land again, from its draft: in its run while that goes on,
                                           else in one of its own; --model, --on-stale and --in-process as above
       --hint TEXT                         what its agent should know
       --fresh                             without its draft
  weft snapshots                           the snapshots of this folder, with their age and size
       --compare SNAPSHOT                  the files that differ between a snapshot and now
       --delete SNAPSHOT                   forget a snapshot, and the runs that began at it
       --keep N                            forget all but the N newest, and those that something waits for
  weft rollback SNAPSHOT [PATH…]           make the folder, or only these files and folders, equal to a snapshot
  weft folders [--remove]                  the folders in which checks run, of all workspaces; --remove deletes those not in use
  weft schema                              the JSON schema of a plan

  --workspace DIR   the folder (default: the current one); given several times, or a .code-workspace file: all of them together
  --json            one event a line, and a last line with the result
  --help, --version

What --include names is sent to the model when an agent reads it: mind your secrets. The settings of VS Code do not hold
here: those of a folder may be a stranger's. Snapshots are forgotten only when you say so.
Environment: ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL (any server that speaks the Messages API), WEFT_STATE_DIR, WEFT_OTLP_ENDPOINT (an
OpenTelemetry collector, which is sent times, tokens and costs of runs, and nothing that was said).
Exit codes of “weft run”, “weft resume” and “weft retry”: 0 every task landed, 1 some did not, 2 unusable input, 130 interrupted.
`;

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'schema' }
  | {
      readonly kind: 'run';
      readonly work: { readonly plan: string } | { readonly goal: string };
      readonly model: string;
      readonly maxWorkers: number | undefined;
      readonly attempts: number;
      readonly timeoutSeconds: number | undefined;
      readonly pools: Pools;
      readonly onStale: OnStale;
      /** Commands that a plan which nobody has read may run. */
      readonly allow: readonly string[];
      /** Globs of ignored files that agents see and snapshots have. */
      readonly include: readonly string[];
      /** Agents run in the process of the CLI itself. */
      readonly inProcess: boolean;
      /** Whether what an earlier run did is taken over where nothing has changed for it. */
      readonly reuse: boolean;
    }
  | { readonly kind: 'steer'; readonly steer: Steer }
  | { readonly kind: 'runs' }
  | { readonly kind: 'trace'; readonly run: string; readonly task: string | undefined; readonly out: string | undefined }
  | { readonly kind: 'land' | 'discard'; readonly run: string; readonly task: string }
  | { readonly kind: 'resume'; readonly run: string; readonly inProcess: boolean }
  | {
      readonly kind: 'retry';
      readonly run: string;
      readonly task: string;
      readonly hint: string;
      /** Without what was done before. */
      readonly fresh: boolean;
      readonly model: string;
      readonly onStale: OnStale;
      readonly inProcess: boolean;
    }
  | { readonly kind: 'reverse'; readonly run: string; readonly reversal: Reversal }
  /** `task` undefined: all of the run's. */
  | { readonly kind: 'callOff'; readonly intent: 'undo' | 'redo'; readonly run: string; readonly task: string | undefined }
  | { readonly kind: 'hunks'; readonly run: string; readonly task: string; readonly path: string }
  | { readonly kind: 'blame'; readonly path: string }
  | { readonly kind: 'export'; readonly run: string; readonly branch: string; readonly withEdits: boolean }
  | { readonly kind: 'snapshots' }
  | { readonly kind: 'compare' | 'delete'; readonly snapshot: string }
  | { readonly kind: 'keep'; readonly keep: number }
  | { readonly kind: 'folders'; readonly remove: boolean }
  /** `paths`: only these; none means all. */
  | { readonly kind: 'rollback'; readonly snapshot: string; readonly paths: readonly string[] };

export interface Arguments {
  readonly command: Command;
  /** Folders, or `.code-workspace` files. */
  readonly workspaces: readonly string[];
  readonly json: boolean;
}

const HELP = 'Run “weft --help” for how to call it.';

export function parseArguments(argv: readonly string[]): Result<Arguments> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (thrown) {
    return misread(thrownText(thrown));
  }
  const { values, positionals } = parsed;
  const command = commandOf(positionals, values);
  return command.ok ? ok({ command: command.value, workspaces: values.workspace ?? ['.'], json: values.json ?? false }) : command;
}

/** What Node says of arguments that it cannot read, in one line. */
function misread(said: string) {
  // A value that begins with a dash could be an option that was meant to come next.
  const dashed = /^Option '.*?(--[\w-]+)(?: <value>)?' argument is ambiguous/.exec(said)?.[1];
  if (dashed !== undefined)
    return fail('input', `What follows ${dashed} begins with “-”, as an option does.`, `If it is meant so: ${dashed}=…`);
  return fail('input', `${said.split(/\.\s/)[0]?.replace(/\.$/, '')}.`, HELP);
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      goal: { type: 'string' },
      workspace: { type: 'string', multiple: true },
      'max-workers': { type: 'string' },
      attempts: { type: 'string' },
      timeout: { type: 'string' },
      pool: { type: 'string', multiple: true },
      model: { type: 'string' },
      'on-stale': { type: 'string' },
      'allow-command': { type: 'string', multiple: true },
      include: { type: 'string', multiple: true },
      'no-reuse': { type: 'boolean' },
      out: { type: 'string' },
      hint: { type: 'string' },
      fresh: { type: 'boolean' },
      'in-process': { type: 'boolean' },
      compare: { type: 'string' },
      delete: { type: 'string' },
      keep: { type: 'string' },
      file: { type: 'string' },
      hunk: { type: 'string' },
      'call-off': { type: 'boolean' },
      branch: { type: 'string' },
      'include-edits': { type: 'boolean' },
      remove: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean' },
    },
  });
}

type Values = ReturnType<typeof parse>['values'];

/** How many arguments each command takes at most. */
const MOST: Readonly<Record<string, number>> = {
  run: 1,
  runs: 0,
  undo: 2,
  redo: 2,
  hunks: 3,
  blame: 1,
  export: 1,
  land: 2,
  discard: 2,
  trace: 2,
  retry: 2,
  pause: 1,
  continue: 1,
  stop: 1,
  add: 2,
  resume: 1,
  snapshots: 0,
  rollback: Number.POSITIVE_INFINITY,
  folders: 0,
  schema: 0,
};

/** The options that not every command takes, with those that do. */
const TAKERS: Readonly<Record<string, readonly string[]>> = {
  goal: ['run'],
  'max-workers': ['run'],
  attempts: ['run'],
  timeout: ['run'],
  pool: ['run'],
  model: ['run', 'retry'],
  'on-stale': ['run', 'retry'],
  'allow-command': ['run'],
  include: ['run'],
  'no-reuse': ['run'],
  out: ['trace'],
  hint: ['retry'],
  fresh: ['retry'],
  'in-process': ['run', 'resume', 'retry'],
  compare: ['snapshots'],
  delete: ['snapshots'],
  keep: ['snapshots'],
  file: ['undo', 'redo'],
  hunk: ['undo', 'redo'],
  'call-off': ['undo', 'redo'],
  branch: ['export'],
  'include-edits': ['export'],
  remove: ['folders'],
};

function commandOf(positionals: readonly string[], values: Values): Result<Command> {
  const [name, ...rest] = positionals;
  if (values.version === true) return ok({ kind: 'version' });
  if (values.help === true || name === 'help') return ok({ kind: 'help' });
  if (name === undefined) return fail('input', 'No command is given.', HELP);
  const most = MOST[name];
  if (most === undefined) return fail('input', `There is no command “${name}”.`, HELP);
  if (rest.length > most) return fail('input', `“weft ${name}” does not take “${rest[most]}”.`, HELP);
  for (const [option, takers] of Object.entries(TAKERS)) {
    if (option in values && !takers.includes(name)) return fail('input', `“weft ${name}” does not take --${option}.`, HELP);
  }
  if (name === 'run') return runOf(rest[0], values);
  if (name === 'resume')
    return rest[0] === undefined
      ? fail('input', '“weft resume” needs a run.', 'Run “weft runs” for those that were interrupted.')
      : ok({ kind: 'resume', run: rest[0], inProcess: values['in-process'] ?? false });
  if (name === 'retry') return retryOf(rest, values);
  if (name === 'pause' || name === 'continue' || name === 'stop' || name === 'add') {
    const steer = steerOf(name, rest);
    return steer.ok ? ok({ kind: 'steer', steer: steer.value }) : steer;
  }
  if (name === 'folders') return ok({ kind: 'folders', remove: values.remove ?? false });
  const [first, second, third] = rest;
  if (name === 'undo' || name === 'redo') return reversalOf(name, rest, values);
  if (name === 'land' || name === 'discard') {
    if (first !== undefined && second !== undefined) return ok({ kind: name, run: first, task: second });
    return fail('input', `“weft ${name}” needs a run and a task.`, 'Run “weft runs” for both.');
  }
  if (name === 'hunks') {
    if (first !== undefined && second !== undefined && third !== undefined)
      return ok({ kind: 'hunks', run: first, task: second, path: third });
    return fail('input', '“weft hunks” needs a run, a task and a file.', 'Run “weft runs” for runs and tasks.');
  }
  if (name === 'trace')
    return first === undefined
      ? fail('input', '“weft trace” needs a run.', 'Run “weft runs” for the list.')
      : ok({ kind: 'trace', run: first, task: second, out: values.out });
  if (name === 'blame') return first === undefined ? fail('input', '“weft blame” needs a file.', HELP) : ok({ kind: 'blame', path: first });
  if (name === 'export') {
    const { branch, 'include-edits': withEdits = false } = values;
    if (first !== undefined && branch !== undefined) return ok({ kind: 'export', run: first, branch, withEdits });
    return fail('input', '“weft export” needs a run and a --branch.', 'Run “weft runs” for the runs.');
  }
  if (name === 'rollback')
    return first !== undefined
      ? rollbackOf(first, rest.slice(1))
      : fail('input', '“weft rollback” needs a snapshot.', 'Run “weft snapshots” for the list.');
  if ([values.compare, values.delete, values.keep].filter((one) => one !== undefined).length > 1)
    return fail('input', 'More than one of --compare, --delete and --keep is given.', 'Give one of them.');
  if (values.keep !== undefined) return keepOf(values.keep);
  if (values.compare !== undefined) return ok({ kind: 'compare', snapshot: values.compare });
  if (values.delete !== undefined) return ok({ kind: 'delete', snapshot: values.delete });
  return ok({ kind: name === 'runs' ? 'runs' : name === 'snapshots' ? 'snapshots' : 'schema' });
}

function keepOf(said: string): Result<Command> {
  const keep = Number(said);
  if (Number.isInteger(keep) && keep >= 1) return ok({ kind: 'keep', keep });
  return fail('input', `--keep ${said} is no number from 1 on.`, 'Say how many snapshots are to be kept.');
}

/** Paths are the folder's, as the snapshot has them. */
function rollbackOf(snapshot: string, given: readonly string[]): Result<Command> {
  const paths: string[] = [];
  for (const raw of given) {
    const path = parsePath(raw);
    if (!path.ok) return path;
    paths.push(path.value);
  }
  return ok({ kind: 'rollback', snapshot, paths });
}

function reversalOf(intent: 'undo' | 'redo', [run, task]: readonly string[], values: Values): Result<Command> {
  const { file, hunk, 'call-off': callOff = false } = values;
  if (run === undefined) return fail('input', `“weft ${intent}” needs a run.`, 'Run “weft runs” for the runs and their tasks.');
  if (callOff && (file ?? hunk) !== undefined)
    return fail(
      'input',
      '--call-off is of a whole task.',
      `Leave --file and --hunk out: what waits of the task’s ${intent} is called off.`,
    );
  if (callOff) return ok({ kind: 'callOff', intent, run, task });
  const number = hunk === undefined ? null : Number(hunk);
  if (number !== null && !(Number.isInteger(number) && number >= 1))
    return fail('input', `--hunk ${hunk} is no number from 1 on.`, 'Run “weft hunks” for the numbers.');
  if (file === undefined && hunk !== undefined) return fail('input', '--hunk is one of a --file.', 'Give the file, too.');
  const of = (target: Target): Result<Command> => ok({ kind: 'reverse', run, reversal: { intent, target } });
  if (file === undefined) return of(task === undefined ? { of: 'run' } : { of: 'task', task });
  if (task === undefined) return fail('input', '--file is one of a task.', 'Give the task after the run.');
  const path = parsePath(file);
  return path.ok ? of({ of: 'part', task, path: path.value, hunk: number }) : path;
}

function retryOf([run, task]: readonly string[], values: Values): Result<Command> {
  if (run === undefined || task === undefined) return fail('input', '“weft retry” needs a run and a task.', 'Run “weft runs” for both.');
  const onStale = onStaleOf(values);
  if (!onStale.ok) return onStale;
  const { model = DEFAULT_MODEL, hint = '', fresh = false, 'in-process': inProcess = false } = values;
  return ok({ kind: 'retry', run, task, hint, fresh, model, onStale: onStale.value, inProcess });
}

function onStaleOf(values: Values): Result<OnStale> {
  const onStale = ON_STALE.find((one) => one === (values['on-stale'] ?? DEFAULT_ON_STALE));
  if (onStale !== undefined) return ok(onStale);
  return fail('input', `--on-stale ${values['on-stale']} is not known.`, `Use one of ${ON_STALE.join(', ')}.`);
}

function poolsOf(given: readonly string[]): Result<Pools> {
  const pools: Record<string, unknown> = {};
  for (const one of given) {
    const [, role, many] = /^([^=]+)=(\d+)$/.exec(one) ?? [];
    if (role === undefined) return fail('input', `--pool ${one} is no role and number.`, 'Give it as ROLE=N: --pool coder=3.');
    pools[role] = Number(many);
  }
  return readPools(pools, '--pool');
}

/** `otherwise`: what holds without it. */
function countOf(
  option: 'max-workers' | 'attempts' | 'timeout',
  { [option]: said }: Values,
  most: number,
  otherwise: string,
): Result<number | undefined> {
  if (said === undefined) return ok(undefined);
  const read = Number(said);
  if (Number.isInteger(read) && read >= 1 && read <= most) return ok(read);
  return fail('input', `--${option} ${said} is not a number from 1 to ${most}.`, `Leave it out for ${otherwise}.`);
}

function runOf(plan: string | undefined, values: Values): Result<Command> {
  const { goal, model = DEFAULT_MODEL, include = [], 'in-process': inProcess = false } = values;
  const allow = values['allow-command'] ?? [];
  const maxWorkers = countOf('max-workers', values, MAX_WORKERS, String(DEFAULT_MAX_WORKERS));
  const attempts = countOf('attempts', values, MAX_ATTEMPTS, String(DEFAULT_ATTEMPTS));
  const timeoutSeconds = countOf('timeout', values, MAX_TIMEOUT_SECONDS, 'no limit');
  if (!maxWorkers.ok) return maxWorkers;
  if (!attempts.ok) return attempts;
  if (!timeoutSeconds.ok) return timeoutSeconds;
  const stale = onStaleOf(values);
  if (!stale.ok) return stale;
  const onStale = stale.value;
  const reuse = values['no-reuse'] !== true;
  if (plan !== undefined && goal !== undefined)
    return fail('input', 'Both a plan and a --goal are given, and a plan has its goal in it.', 'Leave one of them out.');
  const pools = poolsOf(values.pool ?? []);
  if (!pools.ok) return pools;
  const counts = { maxWorkers: maxWorkers.value, attempts: attempts.value ?? DEFAULT_ATTEMPTS, timeoutSeconds: timeoutSeconds.value };
  const rest = { model, ...counts, pools: pools.value, onStale, allow, include, inProcess, reuse };
  if (plan !== undefined) return ok({ kind: 'run', work: { plan }, ...rest });
  if (goal !== undefined && goal.trim() !== '') return ok({ kind: 'run', work: { goal }, ...rest });
  return fail('input', '“weft run” needs a plan or a goal.', 'Give a plan file, “-” for standard input, or --goal TEXT.');
}
