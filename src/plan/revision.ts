/** A plan that is there, revised by a sentence. Pure. */
import { checkPlan, type Plan, type Task } from '../domain/plan';
import { type Around, aroundTexts, fenced } from './context';
import { BY_PEOPLE } from './planFields';

/** The request for it; `current`: the plan's text as the person has it, which may be broken. */
export function revisionText(current: string, sentence: string, around: Around): string {
  return [
    `This is a plan as it stands:\n${fenced(current)}`,
    `What is to be changed in it:\n${sentence.trim()}`,
    'Give the whole plan, with this changed. Everything else stays as it is, word for word: the ids, titles, roles and instructions of tasks that this does not touch, and their order. Fields that you are not asked for are kept for you. Where the plan is broken, mend it.',
    ...aroundTexts(around),
  ].join('\n\n');
}

/** As {@link revised}, of a plan's text; of one that is broken nothing is kept. */
export function revisedPlan(current: string, after: Plan): Plan {
  let data: unknown;
  try {
    data = JSON.parse(current);
  } catch {
    return after;
  }
  return revised(checkPlan(data).plan, after);
}

/** A revised plan with what only people write into one, as it was before: of the plan, and of the tasks that are still there. */
export function revised(before: Plan | undefined, after: Plan): Plan {
  if (before === undefined) return after;
  const known = new Map(before.tasks.map((task) => [task.id, task]));
  const { $schema, limits } = before;
  const tasks = after.tasks.map((task) => ({ ...task, ...ofPeople(known.get(task.id)) }));
  return { ...($schema === undefined ? {} : { $schema }), ...after, tasks, ...(limits === undefined ? {} : { limits }) };
}

function ofPeople(task: Task | undefined): Partial<Task> {
  const own = Object.fromEntries(Object.entries(task ?? {}).filter(([field]) => Object.hasOwn(BY_PEOPLE, field)));
  // What was to be seen before it lands stays so, whatever the model makes of it.
  return task?.askToLand === true ? { ...own, askToLand: true } : own;
}
