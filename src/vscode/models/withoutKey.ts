/** Without a key, but with models that VS Code has: those are used, after the person was asked once. */
import * as vscode from 'vscode';
import { COMMANDS } from '../names';
import { chooseModel } from './chooseModel';
import { languageModels, nameOf } from './languageModels';
import { lacksKey, type Settings, settingsOf } from './model';

/** What was answered: the name of a model, or this. */
const ANSWER = 'weft.withoutKey';
const DECLINED = 'declined';

/**
 * What is set for a folder, with a model that can be asked in the place of one that needs a key which is not there. Asks the person, so it is
 * for what the person just began; where they want none, what is set stays, and fails for the want of a key.
 */
export async function usableSettings(context: vscode.ExtensionContext, folder: vscode.WorkspaceFolder | undefined): Promise<Settings> {
  const settings = settingsOf(folder);
  if (!(await lacksKey(context, settings))) return settings;
  const model = await insteadOfKey(context.globalState, folder);
  return model === undefined ? settings : { ...settings, model };
}

async function insteadOfKey(memory: vscode.Memento, folder: vscode.WorkspaceFolder | undefined): Promise<string | undefined> {
  const before = memory.get<string>(ANSWER);
  if (before === DECLINED) return undefined;
  const all = await languageModels();
  if (before !== undefined && all.some((one) => nameOf(one, all) === before)) return before;
  const [best] = [...all].sort((a, b) => b.maxInputTokens - a.maxInputTokens);
  if (best === undefined) return undefined;
  const use = 'Use This Model';
  const choose = 'Choose Another…';
  const answer = await vscode.window.showInformationMessage(
    `Weft has no API key. Shall its agents use “${best.name}”, which ${best.vendor} brings into VS Code, instead?`,
    {
      modal: true,
      detail:
        'They ask it by your account there, which several agents at once may use up soon. Weft asks this once: “Weft: Choose Model” changes it later, and “Weft: Set API Key” does without it.',
    },
    use,
    choose,
  );
  if (answer === choose) {
    await vscode.commands.executeCommand(COMMANDS.chooseModel);
    return settingsOf(folder).model;
  }
  const name = answer === use ? nameOf(best, all) : undefined;
  await memory.update(ANSWER, name ?? DECLINED);
  if (name !== undefined) await chooseModel(name);
  return name;
}
