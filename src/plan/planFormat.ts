/** A plan as the model is asked for it, and read from what it answers. */
import { transformJSONSchema } from '@anthropic-ai/sdk/lib/transform-json-schema';
import * as z from 'zod';
import { thrownText } from '../domain/failure';
import { checkPlan, MAX_TASKS, planSchema } from '../domain/plan';
import type { RoleHead } from '../domain/role';
import { BY_PEOPLE } from './planFields';

/**
 * The schema that is sent: a plan without what only people and programs write into one. The API takes only a part of JSON
 * schema; the SDK puts the other keywords (patterns, lengths, defaults) into the descriptions. Its helper for zod is not
 * used: it turns every field with a default into a reference and loses the field's description. `roles`: those that there are.
 */
export function planFormat(roles: readonly RoleHead[]): { [keyword: string]: unknown } {
  const { tasks } = planSchema.shape;
  const task = tasks.element
    .omit(BY_PEOPLE)
    .required({ reason: true })
    .extend({ role: z.enum(roles.map(({ name }) => name)).describe(tasks.element.shape.role.description ?? '') })
    .describe(tasks.element.description ?? '');
  const all = z
    .array(task)
    .min(1)
    .max(MAX_TASKS)
    .describe(tasks.description ?? '');
  const plan = planSchema.omit({ $schema: true, variables: true, limits: true }).extend({ tasks: all });
  const { $schema: _, ...schema } = z.toJSONSchema(plan);
  return transformJSONSchema(schema);
}

/** What a model that is not held to the schema is told beside what it is asked. */
export function formatInWords(format: { [keyword: string]: unknown }): string {
  return `Answer with the plan alone: one JSON object, without a fence and without a word before or after it, of this JSON schema:\n${JSON.stringify(format)}`;
}

/** The plan that an answer has, and what is wrong with it. */
export function planIn(text: string, roles: readonly RoleHead[]): ReturnType<typeof checkPlan> {
  let data: unknown;
  try {
    data = JSON.parse(jsonIn(text));
  } catch (thrown) {
    return { plan: undefined, problems: [{ at: [], message: `The plan is not JSON: ${thrownText(thrown)}` }] };
  }
  return checkPlan(data, roles);
}

/** Servers that do not know structured output let a model put a fence around its JSON, and words before and after it. */
function jsonIn(text: string): string {
  const fenced = /```(?:json)?\s*\n([\s\S]*?)\n\s*```/.exec(text)?.[1];
  if (fenced !== undefined) return fenced;
  const [from, to] = [text.indexOf('{'), text.lastIndexOf('}')];
  return from === -1 || to < from ? text : text.slice(from, to + 1);
}
