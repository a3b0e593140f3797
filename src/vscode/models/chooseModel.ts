/** Choosing a model among those that there are: the server's, VS Code's, and the scripted sample. */
import * as vscode from 'vscode';
import { KNOWN_MODELS, type OwnPrices, priceOf } from '../../domain/prices';
import { ANTHROPIC_URL } from '../../model/anthropic';
import { type ServedModel, servedModels } from '../../model/served';
import { SAMPLE_MODEL } from '../../repo/sample';
import { notify, saysTrusted } from '../messages';
import { COMMANDS, SETTINGS } from '../names';
import { languageModels, nameOf } from './languageModels';
import { baseUrlOf, hasKey, serverOf, settingsOf } from './model';
import { moneySet } from './money';

/** A server that has not said by then which models it has is not waited for. */
const SERVER_MS = 3000;
const OTHER = 'Another Name…';

interface ModelItem extends vscode.QuickPickItem {
  /** Undefined: the person types it. */
  readonly model?: string;
}

export function registerChooseModel(context: vscode.ExtensionContext): vscode.Disposable {
  return vscode.commands.registerCommand(COMMANDS.chooseModel, async () => {
    if (
      !saysTrusted('Only the scripted sample and what your user settings name could be chosen, and nothing runs here until you trust it.')
    )
      return;
    const options = { title: 'Weft: Choose Model', placeHolder: 'The model that plans, and that agents use' };
    const chosen = await vscode.window.showQuickPick(itemsOf(context), { ...options, matchOnDescription: true, matchOnDetail: true });
    if (chosen === undefined) return;
    const model = chosen.model ?? (await vscode.window.showInputBox({ ...options, prompt: 'The name by which the server knows it' }));
    if (model !== undefined && model.trim() !== '') await chooseModel(model.trim());
  });
}

/** Sets the model in the user's settings; says so where those of the workspace name another one. */
export async function chooseModel(model: string): Promise<void> {
  const section = vscode.workspace.getConfiguration('weft');
  await section.update(SETTINGS.model, model, vscode.ConfigurationTarget.Global);
  const holds = settingsOf(vscode.workspace.workspaceFolders?.[0]).model;
  if (holds === model) return notify('information', `Weft: “${model}” is used from the next run on.`);
  const open = { title: 'Open Settings', act: () => vscode.commands.executeCommand('workbench.action.openWorkspaceSettingsFile') };
  await notify('warning', `Weft: “${model}” is set, but this workspace’s own settings name “${holds}”, which holds here.`, [open]);
}

async function itemsOf(context: vscode.ExtensionContext): Promise<ModelItem[]> {
  const settings = settingsOf(vscode.workspace.workspaceFolders?.[0]);
  const [served, editor, key] = await Promise.all([serversModels(context), languageModels(), hasKey(context)]);
  // Those that cannot be used are told of when a run begins.
  const money = moneySet();
  const prices = money.ok ? money.value.prices : {};
  const base = baseUrlOf(settings);
  const isAnthropic = base === ANTHROPIC_URL;
  const known = isAnthropic ? KNOWN_MODELS.map((id) => ({ id, title: id })) : [];
  const ofServer = served !== undefined && served.length > 0 ? served : known;
  const items = [
    section(isAnthropic ? `Anthropic${key ? '' : ': needs an API key'}` : base),
    ...ofServer.map(
      ({ id, title }): ModelItem => ({ label: title, description: title === id ? '' : id, detail: priceText(id, prices), model: id }),
    ),
    ...(editor.length === 0 ? [] : [section('VS Code: no API key needed')]),
    ...editor.map((one) => editorItem(one, editor)),
    section('Without a model'),
    { label: 'Scripted Sample', description: SAMPLE_MODEL, detail: 'Plays what is written down, costs nothing.', model: SAMPLE_MODEL },
  ];
  const others = items.some(({ model }) => model === settings.model) ? [] : [{ label: settings.model, model: settings.model }];
  const other = ofServer.length > 0 ? {} : { detail: `${base} does not say which models it has.` };
  return [...others, ...items, section('Other'), { label: OTHER, ...other }].map((item) =>
    item.model === settings.model ? { ...item, label: `$(check) ${item.label}` } : item,
  );
}

function section(label: string): ModelItem {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

function editorItem(model: vscode.LanguageModelChat, all: readonly vscode.LanguageModelChat[]): ModelItem {
  const name = nameOf(model, all);
  const detail = `Brought by ${model.vendor}, up to ${model.maxInputTokens.toLocaleString('en')} tokens at once. What it costs you, Weft does not know.`;
  return { label: model.name, description: name, detail, model: name };
}

function priceText(model: string, own: OwnPrices): string {
  const price = priceOf(model, own);
  if (price === undefined) return 'Its price is not known to Weft.';
  return `${dollars(price.input)} per million tokens of input, ${dollars(price.output)} of output.`;
}

/** `$2`, `$0.30`, `$0.075`. */
function dollars(amount: number): string {
  return `$${Number.isInteger(amount) || amount !== Number(amount.toFixed(2)) ? amount : amount.toFixed(2)}`;
}

/** Undefined where the server does not say. */
async function serversModels(context: vscode.ExtensionContext): Promise<readonly ServedModel[] | undefined> {
  const server = await serverOf(context, settingsOf(vscode.workspace.workspaceFolders?.[0]));
  return server.ok ? servedModels(server.value, AbortSignal.timeout(SERVER_MS)) : undefined;
}
