/** The command line: which command, with what. Parsed at the edge, trusted inside. */
import { parseArgs } from 'node:util';
import { fail, ok, type Result, thrownText } from '../domain/failure';
import { parsePath } from '../domain/path';
import { DEFAULT_MAX_WORKERS, DEFAULT_MODEL, DEFAULT_ON_STALE, MAX_WORKERS, ON_STALE, type OnStale } from '../domain/settings';

export const USAGE = `Weft runs parallel coding agents on a folder.

  weft run [PLAN.json | -] [--goal TEXT]   run a plan (from a file, or standard input), or plan a goal and run it
       --max-workers N                     agents at once (default ${DEFAULT_MAX_WORKERS})
       --model NAME                        model (default ${DEFAULT_MODEL})
       --on-stale check|ask|rework         where a file that an agent read was changed meanwhile: land if its check
                                           passes (default), leave it to you, or have the agent go on from it
       --allow-command COMMAND             with --goal: a check that the plan may run, exactly or with *; may be repeated
       --include GLOB                      ignored files, as in a .gitignore, that agents see and snapshots have (.env);
                                           may be given several times, and adds to weft.snapshot.include
  weft runs                                the runs of this folder
  weft undo RUN TASK                       take one landed task back, and keep everything else
  weft land RUN TASK                       land a draft that was kept, or a conflict that you merged in its files
  weft snapshots                           the snapshots of this folder, with their age and size
       --compare SNAPSHOT                  the files that differ between a snapshot and now
       --delete SNAPSHOT                   forget a snapshot, and the runs that began at it
  weft rollback SNAPSHOT [PATH…]           make the folder, or only these files and folders, equal to a snapshot
  weft schema                              the JSON schema of a plan

  --workspace DIR   the folder (default: the current one)
  --json            one event a line, and a last line with the result
  --help, --version

Settings: weft.snapshot.* of the folder's .vscode/settings.json hold here, too (which ignored files are included, how
many snapshots are kept). What is included is sent to the model when an agent reads it: mind your secrets.
Environment: ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL (any server that speaks the Messages API), WEFT_STATE_DIR.
Exit codes of “weft run”: 0 every task landed, 1 some did not, 2 unusable input, 130 interrupted.
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
      readonly onStale: OnStale;
      /** Commands that a plan which nobody has read may run. */
      readonly allow: readonly string[];
      /** Globs of ignored files, beside those of the settings. */
      readonly include: readonly string[];
    }
  | { readonly kind: 'runs' }
  | { readonly kind: 'undo' | 'land'; readonly run: string; readonly task: string }
  | { readonly kind: 'snapshots' }
  | { readonly kind: 'compare' | 'delete'; readonly snapshot: string }
  /** `paths`: only these; none means all. */
  | { readonly kind: 'rollback'; readonly snapshot: string; readonly paths: readonly string[] };

export interface Arguments {
  readonly command: Command;
  readonly workspace: string;
  readonly json: boolean;
}

const HELP = 'Run “weft --help” for how to call it.';

export function parseArguments(argv: readonly string[]): Result<Arguments> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (thrown) {
    return fail('input', `${thrownText(thrown).split('. ')[0]}.`, HELP);
  }
  const { values, positionals } = parsed;
  const command = commandOf(positionals, values);
  return command.ok ? ok({ command: command.value, workspace: values.workspace ?? '.', json: values.json ?? false }) : command;
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      goal: { type: 'string' },
      workspace: { type: 'string' },
      'max-workers': { type: 'string' },
      model: { type: 'string' },
      'on-stale': { type: 'string' },
      'allow-command': { type: 'string', multiple: true },
      include: { type: 'string', multiple: true },
      compare: { type: 'string' },
      delete: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean' },
    },
  });
}

type Values = ReturnType<typeof parse>['values'];

function commandOf(positionals: readonly string[], values: Values): Result<Command> {
  const [name, ...rest] = positionals;
  if (values.version === true) return ok({ kind: 'version' });
  if (values.help === true || name === 'help') return ok({ kind: 'help' });
  if (name === undefined) return fail('input', 'No command is given.', HELP);
  const wanted: Readonly<Record<string, number>> = {
    run: 1,
    runs: 0,
    undo: 2,
    land: 2,
    snapshots: 0,
    rollback: Number.POSITIVE_INFINITY,
    schema: 0,
  };
  const most = wanted[name];
  if (most === undefined) return fail('input', `There is no command “${name}”.`, HELP);
  if (rest.length > most) return fail('input', `“weft ${name}” does not take “${rest[most]}”.`, HELP);
  if (name !== 'snapshots')
    for (const option of ['compare', 'delete'] as const)
      if (values[option] !== undefined) return fail('input', `“weft ${name}” does not take --${option}.`, HELP);
  if (name === 'run') return runOf(rest[0], values);
  for (const option of ['goal', 'max-workers', 'model', 'on-stale', 'allow-command', 'include'] as const) {
    if (values[option] !== undefined) return fail('input', `“weft ${name}” does not take --${option}.`, HELP);
  }
  const [first, second] = rest;
  if (name === 'undo' || name === 'land') {
    if (first !== undefined && second !== undefined) return ok({ kind: name, run: first, task: second });
    return fail('input', `“weft ${name}” needs a run and a task.`, 'Run “weft runs” for both.');
  }
  if (name === 'rollback')
    return first !== undefined
      ? rollbackOf(first, rest.slice(1))
      : fail('input', '“weft rollback” needs a snapshot.', 'Run “weft snapshots” for the list.');
  if (values.compare !== undefined && values.delete !== undefined)
    return fail('input', 'Both --compare and --delete are given.', 'Leave one of them out.');
  if (values.compare !== undefined) return ok({ kind: 'compare', snapshot: values.compare });
  if (values.delete !== undefined) return ok({ kind: 'delete', snapshot: values.delete });
  return ok({ kind: name === 'runs' ? 'runs' : name === 'snapshots' ? 'snapshots' : 'schema' });
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

function runOf(plan: string | undefined, values: Values): Result<Command> {
  const { goal, model = DEFAULT_MODEL, include = [] } = values;
  const workers = values['max-workers'];
  const allow = values['allow-command'] ?? [];
  const maxWorkers = workers === undefined ? undefined : Number(workers);
  if (maxWorkers !== undefined && !(Number.isInteger(maxWorkers) && maxWorkers >= 1 && maxWorkers <= MAX_WORKERS)) {
    return fail('input', `--max-workers ${workers} is not a number from 1 to ${MAX_WORKERS}.`, `Leave it out for ${DEFAULT_MAX_WORKERS}.`);
  }
  const onStale = ON_STALE.find((one) => one === (values['on-stale'] ?? DEFAULT_ON_STALE));
  if (onStale === undefined) return fail('input', `--on-stale ${values['on-stale']} is not known.`, `Use one of ${ON_STALE.join(', ')}.`);
  if (plan !== undefined && goal !== undefined)
    return fail('input', 'Both a plan and a --goal are given, and a plan has its goal in it.', 'Leave one of them out.');
  if (plan !== undefined) return ok({ kind: 'run', work: { plan }, model, maxWorkers, onStale, allow, include });
  if (goal !== undefined && goal.trim() !== '') return ok({ kind: 'run', work: { goal }, model, maxWorkers, onStale, allow, include });
  return fail('input', '“weft run” needs a plan or a goal.', 'Give a plan file, “-” for standard input, or --goal TEXT.');
}
