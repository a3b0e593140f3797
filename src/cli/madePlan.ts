/** What stands between a plan that a model made and its run: a plan file that the person gives is theirs, and this is nobody's yet. */
import { notAllowed } from '../domain/commands';
import { type Failure, fail } from '../domain/failure';
import { problemsText } from '../domain/plan';
import { planText } from '../plan/planFile';
import type { Planned } from '../plan/planner';
import type { Command } from './command';
import type { CliPorts } from './run';
import { shellWord } from './words';

/** Why it does not run; undefined where it does. */
export function notRun(
  { plan, problems }: Planned,
  { allow, approvals }: Pick<Extract<Command, { kind: 'run' }>, 'allow' | 'approvals'>,
): Failure | undefined {
  // What the model could not mend is for the person to mend.
  if (problems.length > 0)
    return fail(
      'input',
      `The model’s plan is not right yet: ${problemsText(problems)}; nothing was started.`,
      'Ask in other words, or save it as a file, mend it, and run that.',
    ).failure;
  if (approvals.verdicts.plan === 'ask')
    return fail(
      'input',
      'The plan is made, and waits for you to read it; nothing was started.',
      'Save it as a file, and run that: weft run FILE.',
    ).failure;
  const commands = notAllowed(plan, allow);
  if (commands.length === 0) return undefined;
  const [are, them] = commands.length === 1 ? ['a check', 'it'] : ['checks', 'them'];
  return fail(
    'input',
    `The plan wants to run ${commands.map((command) => `“${command}”`).join(', ')} as ${are}, which you have not allowed; nothing was started.`,
    `Allow ${them} with ${commands.map((command) => `--allow-command ${shellWord(command)}`).join(' ')}, or read the plan, save it as a file and run that: weft run FILE.`,
  ).failure;
}

/** Prints the plan, so that it can be read and saved, and says why it does not run. Resolves to the exit code. */
export function showUnrun({ plan }: Planned, failure: Failure, { output }: CliPorts): number {
  output.say(planText(plan).trimEnd());
  output.result({ exitCode: 2, failure, plan });
  return 2;
}
