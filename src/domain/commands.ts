/** Which shell commands may run: those of a plan that the person read or gave, and those that they allowed by a rule. Pure. */
import type { Plan } from './plan';

/** What `*` of a rule stands for: nothing by which a shell would begin another command, read or write a file, or put something in. */
const HARMLESS = '[\\w@%+=:,./~^ -]*';

/** Whether a command is one of the allowed ones: exactly, or by a pattern with `*`. */
export function isAllowed(command: string, rules: readonly string[]): boolean {
  return rules.some((rule) => command === rule || patternOf(rule).test(command));
}

function patternOf(rule: string): RegExp {
  return new RegExp(`^${rule.trim().split('*').map(literal).join(HARMLESS)}$`);
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The checks of a plan that no rule allows, each once. */
export function notAllowed(plan: Plan, rules: readonly string[]): string[] {
  const commands = [plan.check, ...plan.tasks.map((task) => task.check)].flatMap((command) => command ?? []);
  return [...new Set(commands)].filter((command) => !isAllowed(command, rules));
}
