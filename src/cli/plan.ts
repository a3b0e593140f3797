/** `weft plan`: a plan that is printed, or written to a file, and not run. */
import { writeFile } from 'node:fs/promises';
import { fail, thrownText } from '../domain/failure';
import { problemsText } from '../domain/plan';
import { planText } from '../plan/planFile';
import type { Planned } from '../plan/planner';
import type { Command } from './command';
import { modelFor } from './model';
import { planWanted } from './planning';
import { type CliPorts, refused } from './run';

/** Plans, and prints the plan or writes it to a file; starts nothing. Resolves to the exit code: 1 where the plan has to be mended first. */
export async function planCommand({ work, model: modelName, out }: Extract<Command, { kind: 'plan' }>, ports: CliPorts): Promise<number> {
  const model = await modelFor(modelName);
  if (!model.ok) return refused(model.failure, ports);
  const planned = await planWanted(work, { model: model.value.model, modelName }, ports);
  return planned.ok ? deliver(planned.value, out, ports) : refused(planned.failure, ports);
}

/** Prints a plan, or writes it to a file, and says what is left to be mended in it. Resolves to the exit code. */
export async function deliver({ plan, problems, usage }: Planned, out: string | undefined, ports: CliPorts): Promise<number> {
  const { output } = ports;
  const written = planText(plan);
  if (out === undefined) output.say(written.trimEnd());
  else {
    try {
      await writeFile(out, written);
    } catch (thrown) {
      return refused(
        fail('file', `The plan cannot be written to ${out}: ${thrownText(thrown)}.`, 'Give --out a file that can be written.').failure,
        ports,
      );
    }
    output.say(`Written to ${out}. Run it: weft run ${out}`);
  }
  if (problems.length > 0) output.warn(`The plan is not right yet: ${problemsText(problems)}. Mend it before you run it.`);
  const exitCode = problems.length === 0 ? 0 : 1;
  output.result({ exitCode, plan, problems, usage });
  return exitCode;
}
