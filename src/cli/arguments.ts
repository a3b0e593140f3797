/** The command line: which command, with what. Parsed at the edge, trusted inside. */
import { fail, ok, type Result, thrownText } from '../domain/failure';
import { parsePath } from '../domain/path';
import type { Target } from '../engine/history/undo';
import type { Arguments, Command } from './command';
import { answerOf } from './inbox';
import { numberOf } from './numbers';
import { HELP, MOST, meant, misread, parse, saidTwice, TAKERS, type Values } from './options';
import { planOf, planRestOf, reviseOf, summaryOf } from './planArguments';
import { resumeOf, retryOf, runOf } from './runArguments';
import { budgetSteerOf, limitSteerOf, steerOf } from './steer';

export function parseArguments(argv: readonly string[]): Result<Arguments> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (thrown) {
    return misread(thrownText(thrown));
  }
  const twice = saidTwice(parsed);
  if (twice !== undefined) return { ok: false, failure: twice };
  const { values, positionals } = parsed;
  const command = commandOf(positionals, values);
  return command.ok ? ok({ command: command.value, workspaces: values.workspace ?? ['.'], json: values.json ?? false }) : command;
}

function commandOf(positionals: readonly string[], values: Values): Result<Command> {
  const [name, ...rest] = positionals;
  if (values.version === true) return ok({ kind: 'version' });
  if (values.help === true || name === 'help') return helpOf(name === 'help' ? rest[0] : name);
  if (name === undefined) return fail('input', 'No command is given.', HELP);
  const most = MOST[name];
  if (most === undefined) return unknownCommand(name);
  if (rest.length > most) return fail('input', `“weft ${name}” does not take “${rest[most]}”.`, HELP);
  for (const [option, takers] of Object.entries(TAKERS)) {
    if (option in values && !takers.includes(name)) return fail('input', `“weft ${name}” does not take --${option}.`, HELP);
  }
  if (name === 'run') return runOf(rest[0], values);
  if (name === 'plan') return planOf(values);
  if (name === 'revise') return reviseOf(rest, values);
  if (name === 'plan-rest') return planRestOf(rest, values);
  if (name === 'summary') return summaryOf(rest);
  if (name === 'resume') return resumeOf(rest, values);
  if (name === 'budget' || name === 'limit') {
    const steer = name === 'budget' ? budgetSteerOf(rest, values) : limitSteerOf(rest, values);
    return steer.ok ? ok({ kind: 'steer', steer: steer.value }) : steer;
  }
  if (name === 'retry' || name === 'arbitrate') return retryOf(name, rest, values);
  if (name === 'pause' || name === 'continue' || name === 'stop' || name === 'add') {
    const steer = steerOf(name, rest);
    return steer.ok ? ok({ kind: 'steer', steer: steer.value }) : steer;
  }
  if (name === 'inbox') return ok({ kind: 'inbox' });
  if (name === 'answer') {
    const answering = answerOf(rest, values);
    return answering.ok ? ok({ kind: 'answer', answering: answering.value }) : answering;
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
  if (name === 'lessons')
    return first === undefined
      ? fail('input', '“weft lessons” needs a run.', 'Run “weft runs” for the list.')
      : ok({ kind: 'lessons', run: first, keep: values['keep-lessons'] ?? false });
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
  return ok({ kind: name === 'runs' || name === 'roles' || name === 'snapshots' ? name : 'schema' });
}

function helpOf(name: string | undefined): Result<Command> {
  return name === undefined || MOST[name] !== undefined ? ok({ kind: 'help', of: name }) : unknownCommand(name);
}

function unknownCommand(name: string): Result<never> {
  return fail('input', `There is no command “${name}”.`, `${meant(name, Object.keys(MOST), 'weft ')}${HELP}`);
}

function keepOf(said: string): Result<Command> {
  const keep = numberOf('--keep', said, { least: 1, example: '--keep 10', note: 'so many snapshots are kept' });
  return keep.ok ? ok({ kind: 'keep', keep: keep.value }) : keep;
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
  const number =
    hunk === undefined ? ok(null) : numberOf('--hunk', hunk, { least: 1, example: '--hunk 1', note: '“weft hunks” shows the numbers' });
  if (!number.ok) return number;
  if (file === undefined && hunk !== undefined) return fail('input', '--hunk is one of a --file.', 'Give the file, too.');
  const of = (target: Target): Result<Command> => ok({ kind: 'reverse', run, reversal: { intent, target } });
  if (file === undefined) return of(task === undefined ? { of: 'run' } : { of: 'task', task });
  if (task === undefined) return fail('input', '--file is one of a task.', 'Give the task after the run.');
  const path = parsePath(file);
  return path.ok ? of({ of: 'part', task, path: path.value, hunk: number.value }) : path;
}
