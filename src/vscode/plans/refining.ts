/** Plans that come of plans: revised by a sentence, made for what a run left, filled in from a template. */
import * as vscode from 'vscode';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { problemsText } from '../../domain/plan';
import { NO_USAGE } from '../../domain/usage';
import { restToPlan } from '../../engine/steering/unfinished';
import { planText } from '../../plan/planFile';
import { hasRest, restText } from '../../plan/rest';
import { revisedPlan, revisionText } from '../../plan/revision';
import { fillTemplate, readTemplate, TEMPLATES_FOLDER, type Template } from '../../plan/template';
import { listTemplates } from '../../plan/templates';
import { projectNow } from '../agents/project';
import { notify } from '../messages';
import { COMMANDS } from '../names';
import { runTarget } from '../targets';
import { replaceText } from '../workspace/documents';
import { uriOf } from '../workspace/place';
import { sessionOfPlan } from './planDocument';
import { addPlanning, planFor, showPlanned } from './planning';
import { dispatching, type Ports, sessionFor } from './starting';

export function registerRefining(ports: Ports): vscode.Disposable {
  const command = dispatching;
  return vscode.Disposable.from(
    command(COMMANDS.revisePlan, (uri, sentence) =>
      revisePlan(ports, uri instanceof vscode.Uri ? uri : undefined, typeof sentence === 'string' ? sentence : undefined),
    ),
    command(COMMANDS.planRest, (row) => planRest(ports, row)),
    command(COMMANDS.dispatchTemplate, (uri) => dispatchTemplate(ports, uri instanceof vscode.Uri ? uri : undefined)),
  );
}

/** Has the plan that is shown changed as a sentence says: an edit of its document, which can be undone. */
async function revisePlan(ports: Ports, uri: vscode.Uri | undefined, given: string | undefined): Promise<Result<void>> {
  const source = uri ?? vscode.window.activeTextEditor?.document.uri;
  if (source === undefined || !source.path.endsWith('.weft.json'))
    return fail('input', 'No plan is open.', 'Open a plan (*.weft.json), or run “Weft: Dispatch…”.');
  const document = await vscode.workspace.openTextDocument(source);
  const sentence = given ?? (await askChange());
  if (sentence === undefined) return ok();
  const session = (await sessionOfPlan(ports.sessions, source)) ?? (await sessionFor(ports, undefined));
  if (!session.ok) return session;
  const { version } = document;
  const current = document.getText();
  const planned = await planFor(ports, session.value, (ground) => revisionText(current, sentence, ground));
  if (!planned.ok) return planned;
  const plan = revisedPlan(current, planned.value.plan);
  // What was typed meanwhile is not lost: the revised plan is shown beside it.
  if (document.isClosed || document.version !== version) return showPlanned(ports, session.value, { ...planned.value, plan });
  const replaced = await replaceText(document, planText(plan));
  if (!replaced.ok) return replaced;
  addPlanning(ports, document.uri, planned.value.usage);
  await vscode.window.showTextDocument(document, { preview: false });
  const { problems } = planned.value;
  if (problems.length > 0)
    void notify('warning', `Weft: the revised plan is not right yet. Mend it before you run it: ${problemsText(problems)}.`);
  return ok();
}

async function askChange(): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: 'Weft: Revise Plan',
    prompt: 'What should be different?',
    placeHolder: 'Split the last task, and leave the documentation out',
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === '' ? 'Say what should be different.' : undefined),
  });
}

/** Plans what a run that is over left undone. */
async function planRest(ports: Ports, row: unknown): Promise<Result<void>> {
  const view = await runTarget(ports.sessions, row, {
    wanted: ({ state, life }) => life !== 'running' && hasRest(state),
    title: 'Weft: Plan the Rest',
    none: 'No run left anything undone.',
    takeOnly: true,
  });
  if (view === undefined) return ok();
  const left = restToPlan(view.state);
  if (!left.ok) return left;
  const note = await vscode.window.showInputBox({
    title: 'Weft: Plan the Rest',
    prompt: 'What should be done otherwise? Leave it empty to have the planner go by what went wrong.',
    placeHolder: 'Use the parser that is there, and do not touch the schema',
    ignoreFocusOut: true,
  });
  if (note === undefined) return ok();
  const planned = await planFor(ports, view.session, (ground) => restText(view.state, note, ground));
  return planned.ok ? showPlanned(ports, view.session, planned.value) : planned;
}

/** Fills a template in, and shows the plan that it makes. */
async function dispatchTemplate(ports: Ports, given: vscode.Uri | undefined): Promise<Result<void>> {
  const session = await sessionFor(ports, given);
  if (!session.ok) return session;
  const { repo, place } = session.value;
  const files = await listTemplates(repo);
  const named = given === undefined ? undefined : (given.path.split('/').at(-1) ?? '').replace(/\.weft\.json$/, '');
  if (given === undefined && files.length === 0)
    return fail(
      'input',
      `There is no template in ${TEMPLATES_FOLDER}.`,
      'Save a plan there as NAME.weft.json, with “variables” and {{name}} where their values belong.',
    );
  const items = files.map(({ name, path }) => ({ label: name, description: path, uri: uriOf(place, path) }));
  const picked =
    given === undefined
      ? await vscode.window.showQuickPick(items, { title: 'Weft: Dispatch Template', placeHolder: 'The template' })
      : { label: named ?? '', uri: given };
  if (picked === undefined) return ok();
  const template = await readDocument(picked.uri, picked.label);
  if (!template.ok) return template;
  const values = await askValues(template.value);
  if (values === undefined) return ok();
  const project = await projectNow(session.value, ports.sessions.closing);
  if (!project.ok) return project;
  const plan = fillTemplate(template.value, values, project.value.roles);
  return plan.ok ? showPlanned(ports, session.value, { plan: plan.value, problems: [], usage: NO_USAGE }) : plan;
}

/** As its editor shows it, saved or not. */
async function readDocument(uri: vscode.Uri, name: string): Promise<Result<Template>> {
  try {
    return readTemplate((await vscode.workspace.openTextDocument(uri)).getText(), name);
  } catch (thrown) {
    return fail('file', `The template “${name}” cannot be opened: ${thrownText(thrown)}.`, 'Choose another one.');
  }
}

/** Asks for each variable; undefined where the person changed their mind. */
async function askValues({ name, variables }: Template): Promise<Record<string, string> | undefined> {
  const values: Record<string, string> = {};
  const all = Object.entries(variables);
  for (const [at, [variable, { description, default: otherwise }]] of all.entries()) {
    const value = await vscode.window.showInputBox({
      title: `Weft: Dispatch Template “${name}” (${at + 1} of ${all.length})`,
      prompt: description ?? variable,
      value: otherwise ?? '',
      ignoreFocusOut: true,
    });
    if (value === undefined) return undefined;
    values[variable] = value;
  }
  return values;
}
