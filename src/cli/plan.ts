/** `weft plan`, `weft revise` and `weft plan-rest`: a plan that is printed, or written to a file, and not run. */
import { writeFile } from 'node:fs/promises';
import { fail, type Result, thrownText } from '../domain/failure';
import { problemsText } from '../domain/plan';
import { findRun } from '../engine/journal/library';
import { asItStands } from '../engine/steering/elsewhere';
import { restToPlan } from '../engine/steering/unfinished';
import type { Ground } from '../plan/ground';
import { planText } from '../plan/planFile';
import type { Planned } from '../plan/planner';
import { restText } from '../plan/rest';
import { revisedPlan, revisionText } from '../plan/revision';
import type { Command } from './command';
import { modelFor } from './model';
import { planFor, planWanted, readSource } from './planning';
import { type CliPorts, refused } from './run';

/** Plans, and prints the plan or writes it to a file; starts nothing. Resolves to the exit code: 1 where the plan has to be mended first. */
export async function planCommand({ work, model: modelName, out }: Extract<Command, { kind: 'plan' }>, ports: CliPorts): Promise<number> {
  const model = await modelFor({ model: modelName, warn: ports.output.warn });
  if (!model.ok) return refused(model.failure, ports);
  const planned = await planWanted(work, { model: model.value.model, modelName }, ports);
  return planned.ok ? deliver(planned.value, out, ports) : refused(planned.failure, ports);
}

/** Has a plan changed as a sentence says. What only people write into one stays as it is. */
export async function reviseCommand(command: Extract<Command, { kind: 'revise' }>, ports: CliPorts): Promise<number> {
  const { plan, sentence, model, out } = command;
  const text = await readSource(plan, 'plan', ports.signal);
  if (!text.ok) return refused(text.failure, ports);
  const planned = await askPlan((ground) => revisionText(text.value, sentence, ground), model, ports);
  if (!planned.ok) return refused(planned.failure, ports);
  return deliver({ ...planned.value, plan: revisedPlan(text.value, planned.value.plan) }, out, ports);
}

/** Plans what a run left undone. */
export async function planRestCommand({ run, hint, model, out }: Extract<Command, { kind: 'planRest' }>, ports: CliPorts): Promise<number> {
  const state = await findRun(ports.repo, run);
  if (!state.ok) return refused(state.failure, ports);
  const now = asItStands(state.value, ports.repo);
  const left = restToPlan(now);
  if (!left.ok) return refused(left.failure, ports);
  const planned = await askPlan((ground) => restText(now, hint, ground), model, ports);
  return planned.ok ? deliver(planned.value, out, ports) : refused(planned.failure, ports);
}

async function askPlan(request: (ground: Ground) => string, modelName: string, ports: CliPorts): Promise<Result<Planned>> {
  const model = await modelFor({ model: modelName, warn: ports.output.warn });
  return model.ok ? planFor(request, { model: model.value.model, modelName }, ports) : model;
}

/** Prints a plan, or writes it to a file, and says what is left to be mended in it. Resolves to the exit code. */
async function deliver({ plan, problems, usage }: Planned, out: string | undefined, ports: CliPorts): Promise<number> {
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
