/** Templates of plans: plan files with variables, filled in as text. Pure. */
import { type Failure, fail, ok, type Result } from '../domain/failure';
import { checkPlan, type Plan, problemsText, type Variable, variablesSchema } from '../domain/plan';
import type { RoleHead } from '../domain/role';

/** Where templates lie in a workspace, and how their files end. */
export const TEMPLATES_FOLDER = '.weft/plans';
export const TEMPLATE_ENDING = '.weft.json';

export interface Template {
  /** `release` of `.weft/plans/release.weft.json`. */
  readonly name: string;
  readonly variables: Readonly<Record<string, Variable>>;
  /** The plan, not yet filled in nor checked. */
  readonly body: unknown;
}

/** `{{name}}`, with blanks inside the braces or without. */
const PLACE = /\{\{\s*([A-Za-z_]\w*)\s*\}\}/g;
/** What may stand in a command: nothing that a shell takes for more than a word, or for an option. */
const PLAIN = /^(?!-)[\w.,:/@=+-]*$/;

/** Reads a template from JSON text; a plan without variables is one that has nothing to be filled in. */
export function readTemplate(text: string, name: string): Result<Template> {
  const fix = 'Mend the file, or dispatch another template.';
  let data: unknown;
  try {
    data = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (thrown) {
    return fail('input', `The template “${name}” is not JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}.`, fix);
  }
  if (typeof data !== 'object' || data === null) return fail('input', `The template “${name}” is no plan.`, fix);
  const { variables, ...body } = { variables: undefined, ...data };
  const read = variablesSchema.safeParse(variables ?? {});
  if (!read.success) {
    const problems = read.error.issues.map(({ path, message }) => ({ at: ['variables', ...path.map(String)], message }));
    return fail('input', `The template “${name}” cannot be used: ${problemsText(problems)}.`, fix);
  }
  const undeclared = [...new Set(placesIn(body))].filter((place) => !Object.hasOwn(read.data, place));
  if (undeclared.length > 0)
    return fail('input', `The template “${name}” uses ${quotedNames(undeclared)}, which its “variables” do not have.`, fix);
  return ok({ name, variables: read.data, body });
}

/**
 * The plan of a template. Values are put in as text, wherever their names stand, and the plan is checked afterwards: no value can make
 * a field, a task, or a path that leads out. Fails where a value is missing, is not asked for, or has no place in a command.
 */
export function fillTemplate(template: Template, values: Readonly<Record<string, string>>, roles: readonly RoleHead[]): Result<Plan> {
  const { name, variables, body } = template;
  const unknown = Object.keys(values).filter((one) => !Object.hasOwn(variables, one));
  const names = Object.keys(variables);
  if (unknown.length > 0)
    return fail(
      'input',
      `The template “${name}” has no variable ${quotedNames(unknown)}.`,
      names.length === 0 ? 'It has none at all: leave it out.' : `It has ${quotedNames(names)}.`,
    );
  const filled = new Map(
    names.flatMap((one) => {
      const value = values[one] ?? variables[one]?.default;
      return value === undefined ? [] : [[one, value] as const];
    }),
  );
  const missing = names.filter((one) => !filled.has(one));
  if (missing.length > 0) return missingValues(template, missing);
  const bad = names.filter(
    (one) => !PLAIN.test(filled.get(one) ?? '') && commandsIn(body).some((command) => placesIn(command).includes(one)),
  );
  if (bad.length > 0)
    return fail(
      'input',
      `The value of ${quotedNames(bad)} would stand in a command (check), and has more in it than one plain word.`,
      'Use letters, digits and . , : / @ = + - _ for it.',
    );
  const { plan, problems } = checkPlan(replaced(body, filled), roles);
  if (plan !== undefined && problems.length === 0) return ok(plan);
  return fail(
    'input',
    `The template “${name}” makes no usable plan with these values: ${problemsText(problems)}.`,
    'Give other values, or mend the template.',
  );
}

/** What a template's text would be as a plan, with stand-ins for values that it lacks: to show what is wrong with it. Of a plan: itself. */
export function asFilled(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !('variables' in data)) return data;
  const { variables, ...body } = data;
  const read = variablesSchema.safeParse(variables);
  if (!read.success) return data;
  const filled = new Map(Object.entries(read.data).map(([name, variable]) => [name, variable.default ?? name]));
  return replaced(body, filled);
}

function missingValues({ name, variables }: Template, missing: readonly string[]): { readonly ok: false; readonly failure: Failure } {
  const told = missing.map((one) => {
    const { description } = variables[one] ?? {};
    return `“${one}”${description === undefined ? '' : ` (${description})`}`;
  });
  return fail(
    'input',
    `The template “${name}” needs ${told.join(', ')}.`,
    `Give each of them: ${missing.map((one) => `--set ${one}=…`).join(' ')}`,
  );
}

/** Every text of a value, wherever it stands. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

function placesIn(value: unknown): string[] {
  return textsIn(value).flatMap((text) => [...text.matchAll(PLACE)].map(([, name = '']) => name));
}

/** What stands in fields called `check`. */
function commandsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === 'check' && typeof inner === 'string' ? [inner] : commandsIn(inner)));
}

function replaced(value: unknown, filled: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return value.replace(PLACE, (place, name: string) => filled.get(name) ?? place);
  if (Array.isArray(value)) return value.map((one) => replaced(one, filled));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaced(inner, filled)]));
}

function quotedNames(names: readonly string[]): string {
  return names.map((name) => `“${name}”`).join(', ');
}
