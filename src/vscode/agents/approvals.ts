/** What the person set about approvals: what needs their leave, and for how long agents wait for it. */
import * as vscode from 'vscode';
import { APPROVAL_KINDS, type ApprovalKind, type Approvals, DEFAULT_VERDICTS, VERDICTS, type Verdict } from '../../domain/approvals';
import { DEFAULT_PROTECT } from '../../domain/protected';
import { DEFAULT_ANSWER_MINUTES } from '../../domain/settings';
import { SETTINGS } from '../names';

const NAMES: Readonly<Record<ApprovalKind, string>> = {
  plan: SETTINGS.approvePlans,
  command: SETTINGS.approveCommands,
  mcp: SETTINGS.approveMcp,
  protected: SETTINGS.approveProtected,
  landing: SETTINGS.approveLandings,
  question: SETTINGS.answerQuestions,
};

/** What is set for a folder; without one, for the whole window. What cannot be read counts as the default. */
export function approvalsOf(folder: vscode.WorkspaceFolder | undefined): Approvals {
  const section = vscode.workspace.getConfiguration('weft', folder?.uri);
  const verdicts: Record<ApprovalKind, Verdict> = { ...DEFAULT_VERDICTS };
  for (const kind of APPROVAL_KINDS) verdicts[kind] = verdictIn(section.get<unknown>(NAMES[kind])) ?? DEFAULT_VERDICTS[kind];
  const commands: Record<string, Verdict> = {};
  for (const allowed of textsIn(section.get<unknown>(SETTINGS.allowedCommands))) commands[allowed] = 'allow';
  // What is asked or denied by name goes before what is allowed.
  for (const [pattern, value] of entriesIn(section.get<unknown>(SETTINGS.commandRules))) commands[pattern] = verdictIn(value) ?? 'ask';
  const minutes = section.get<unknown>(SETTINGS.answerMinutes);
  const wait = typeof minutes === 'number' && Number.isFinite(minutes) && minutes >= 0 ? minutes : DEFAULT_ANSWER_MINUTES;
  // What waits to land costs nothing while it waits, and nobody goes on without it.
  return { verdicts, commands, protect: protectedIn(section), seconds: wait === 0 ? null : wait * 60, landingSeconds: null };
}

/** A folder can protect more than the person does, and not less: what it says may be a stranger's. */
function protectedIn(section: vscode.WorkspaceConfiguration): string[] {
  const set = section.inspect<unknown>(SETTINGS.protect);
  const own = Array.isArray(set?.globalValue) ? textsIn(set.globalValue) : DEFAULT_PROTECT;
  return [...new Set([...own, ...textsIn(set?.workspaceValue), ...textsIn(set?.workspaceFolderValue)])];
}

function verdictIn(value: unknown): Verdict | undefined {
  return VERDICTS.find((one) => one === value);
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string' && one.trim() !== '') : [];
}

function entriesIn(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value).filter(([pattern]) => pattern.trim() !== '') : [];
}
