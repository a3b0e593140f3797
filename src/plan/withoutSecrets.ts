/** A plan that a model wrote, without what it may have read: a plan is kept as it is, and shown. Pure. */
import type { Plan } from '../domain/plan';
import { redacted } from '../domain/secrets';

/** What a person wrote stays as it is, and so do commands: with a part of them gone they would do something else. */
export function withoutSecrets(plan: Plan): Plan {
  const tasks = plan.tasks.map(({ reason, ...task }) => ({
    ...task,
    title: redacted(task.title),
    instructions: redacted(task.instructions),
    ...(reason === undefined ? {} : { reason: redacted(reason) }),
  }));
  return { ...plan, goal: redacted(plan.goal), tasks };
}
