/** A plan as a file: how it is written for whoever reviews it, and what it is called. Pure. */
import type { Plan, Task } from '../domain/plan';

/** The plan as a person edits it: fields that say nothing are left out. */
export function planText(plan: Plan): string {
  const { $schema, goal, check, tasks, ...rest } = plan;
  const shown = {
    ...($schema === undefined ? {} : { $schema }),
    goal,
    // In sight, above the tasks: whoever runs the plan lets it run.
    ...(check === undefined ? {} : { check }),
    tasks: tasks.map(shownTask),
    ...rest,
  };
  return `${JSON.stringify(shown, null, 2)}\n`;
}

function shownTask({ id, title, role, reason, instructions, dependsOn, writes, context, ...rest }: Task) {
  const lists = Object.entries({ dependsOn, writes, context }).filter(([, list]) => list.length > 0);
  return { id, title, role, ...(reason === undefined ? {} : { reason }), instructions, ...Object.fromEntries(lists), ...rest };
}

/** `Add search, with tests` → `add-search-with-tests`, for a file's name. */
export function slug(goal: string): string {
  const plain = goal
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (plain.length <= 40) return plain || 'plan';
  return plain
    .slice(0, 41)
    .replace(/-[^-]*$/, '')
    .slice(0, 40);
}
