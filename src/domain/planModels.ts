/** Which models a plan may ask. Pure. */
import type { Plan } from './plan';
import type { Catalogue } from './role';

/** What the tasks of a plan name, themselves, by their role or for when they fail, beside the run's own model. */
export function modelsOfPlan({ tasks }: Plan, roles: Catalogue): string[] {
  return tasks.flatMap(({ role, model, fallback = [] }) => {
    const named = [{ role, model }, ...fallback.map((other) => ({ role: other.role ?? role, model: other.model ?? model }))];
    return named.flatMap((one) => one.model ?? roles.find(({ name }) => name === one.role)?.model ?? []);
  });
}
