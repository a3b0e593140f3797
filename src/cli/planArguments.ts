/** What is to be planned, as the command line says it: of `weft run`, `plan`, `revise` and `plan-rest`. */
import { resolve } from 'node:path';
import { fail, ok, type Result } from '../domain/failure';
import { DEFAULT_MODEL } from '../domain/settings';
import type { Command, Wanted, Work } from './command';
import type { Values } from './options';

/** What `weft run` is to do. */
export function workOf(plan: string | undefined, values: Values): Result<Work> {
  const { template } = values;
  const named = (['goal', 'tasks', 'failing'] as const).find((name) => values[name] !== undefined);
  if (plan !== undefined && template !== undefined)
    return fail('input', 'Both a plan and a --template are given.', 'Leave one of them out.');
  if ((plan ?? template) !== undefined && named !== undefined)
    return fail(
      'input',
      `Both a ${plan === undefined ? 'template' : 'plan'} and a --${named} are given, and a plan has its goal in it.`,
      'Leave one of them out.',
    );
  if (template === undefined && values.set !== undefined)
    return fail('input', '--set is for a template.', 'Give its name with --template, or leave --set out.');
  if (template !== undefined) {
    const given = valuesOf(values.set ?? []);
    return given.ok ? ok({ template, values: given.value }) : given;
  }
  if (plan !== undefined) return ok({ plan });
  return wantedOf(values, '“weft run” needs a plan or a goal.', 'Give a plan file, “-” for standard input, or --goal TEXT.');
}

/** `name=value`, each name once. */
function valuesOf(given: readonly string[]): Result<Readonly<Record<string, string>>> {
  const values = new Map<string, string>();
  for (const one of given) {
    const at = one.indexOf('=');
    const name = one.slice(0, Math.max(0, at));
    if (name === '') return fail('input', `--set ${one} is no name and value.`, 'Give it as --set name=value.');
    if (values.has(name)) return fail('input', `--set ${name} is given twice.`, 'Give it once.');
    values.set(name, one.slice(at + 1));
  }
  return ok(Object.fromEntries(values));
}

/** `none`, `fix`: what to say where nothing is wanted. */
function wantedOf({ goal = '', tasks, failing }: Values, none: string, fix: string): Result<Wanted> {
  if (goal.trim() === '' && tasks === undefined && failing === undefined) return fail('input', none, fix);
  if (tasks === '-' && failing === '-')
    return fail('input', 'Both --tasks and --failing are to be read from standard input.', 'Put one of them into a file.');
  return ok({ goal: goal.trim(), tasks, failing });
}

export function planOf(values: Values): Result<Command> {
  const work = wantedOf(values, '“weft plan” needs a goal.', 'Give --goal TEXT, --tasks FILE.md or --failing FILE.');
  if (!work.ok) return work;
  const { model = DEFAULT_MODEL, include = [], out } = values;
  const read = [values.tasks, values.failing].find((one) => one !== undefined && out !== undefined && resolve(one) === resolve(out));
  if (read !== undefined) return fail('input', `--out ${out} would write the plan over what it is made from.`, 'Name another file.');
  return ok({ kind: 'plan', work: work.value, model, include, out });
}

export function reviseOf([plan, sentence = '']: readonly string[], values: Values): Result<Command> {
  if (plan === undefined || sentence.trim() === '')
    return fail(
      'input',
      '“weft revise” needs a plan and what is to be changed.',
      'Say it in a sentence: weft revise PLAN.json "Split the last task".',
    );
  const { model = DEFAULT_MODEL, include = [], out } = values;
  return ok({ kind: 'revise', plan, sentence, model, include, out });
}

export function planRestOf([run]: readonly string[], values: Values): Result<Command> {
  if (run === undefined) return fail('input', '“weft plan-rest” needs a run.', 'Run “weft runs” for the list.');
  const { model = DEFAULT_MODEL, hint = '', out } = values;
  return ok({ kind: 'planRest', run, hint, model, out });
}

export function summaryOf([run]: readonly string[]): Result<Command> {
  if (run === undefined) return fail('input', '“weft summary” needs a run.', 'Run “weft runs” for the list.');
  return ok({ kind: 'summary', run });
}
