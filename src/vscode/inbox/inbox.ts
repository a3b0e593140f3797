/** Answering what waits in the inbox: approving, denying, and answers to questions, for runs of this window and of other processes. */
import * as vscode from 'vscode';
import { fail, never, type Result } from '../../domain/failure';
import type { Answer, Scope } from '../../domain/inbox';
import { askText } from '../../domain/inboxText';
import { notify, saysTrusted, showFailure } from '../messages';
import { COMMANDS } from '../names';
import { fulfil } from '../runs/steering';
import { shortened, withoutLinks } from '../runs/wording';
import type { Sessions } from '../session';
import { type InboxNode, inboxKey, inboxNodes, labelOf } from './inboxRows';

/** So much is read on a row of a narrow side bar, in the title of a list, and in a notification: who approves more than that sees it whole first. */
const ROW_LENGTH = 40;
const TITLE_LENGTH = 80;
const NOTICE_LENGTH = 160;

/** Says that a command was chosen in a notification. */
export const NOTICE = 'notice';

export function registerInbox(sessions: Sessions): vscode.Disposable {
  const command = (id: string, act: (node: ItemNode, read: number) => Promise<Result<unknown> | undefined>) =>
    vscode.commands.registerCommand(id, async (row: unknown, where: unknown) => {
      if (!saysTrusted()) return;
      const node = await target(sessions, row);
      if (node === undefined) return;
      const done =
        node.waiting.kind === 'item'
          ? await act({ ...node, waiting: node.waiting }, where === NOTICE ? NOTICE_LENGTH : ROW_LENGTH)
          : await decide(node);
      if (done?.ok === false) await showFailure(done.failure);
    });
  const approve = (scope: Scope) => async (node: ItemNode, read: number) => {
    const isLeave = node.waiting.item.ask.kind !== 'question' && node.waiting.item.ask.kind !== 'decision';
    return isLeave ? approveAfterReading(sessions, node, { scope, read }) : answer(sessions, node);
  };
  return vscode.Disposable.from(
    command(COMMANDS.approve, approve('once')),
    command(COMMANDS.approveForAgents, approve('agents')),
    command(COMMANDS.approveForRun, approve('run')),
    command(COMMANDS.deny, (node) => deny(sessions, node)),
    command(COMMANDS.answer, (node) => answer(sessions, node)),
  );
}

type ItemNode = InboxNode & { readonly waiting: Extract<InboxNode['waiting'], { kind: 'item' }> };

/** What a row stands for, as it is now; without a row, what the person picks. */
async function target(sessions: Sessions, row: unknown): Promise<InboxNode | undefined> {
  const nodes = inboxNodes(await sessions.runs());
  const key = isNode(row) ? inboxKey(row) : undefined;
  if (key !== undefined) {
    const found = nodes.find((node) => inboxKey(node) === key);
    if (found === undefined) void notify('information', 'Weft: Nothing waits for this answer any more.');
    return found;
  }
  const [only] = nodes;
  if (only === undefined) void notify('information', 'Weft: Nothing waits for you.');
  if (nodes.length <= 1) return only;
  const items = nodes.map((node) => ({
    label: labelOf(node),
    description: node.task?.task.title ?? '',
    node,
  }));
  return (await vscode.window.showQuickPick(items, { title: 'Weft: Inbox', placeHolder: 'What to decide' }))?.node;
}

function isNode(row: unknown): row is InboxNode {
  return typeof row === 'object' && row !== null && 'kind' in row && row.kind === 'inbox';
}

async function say(sessions: Sessions, { view, waiting }: ItemNode, said: Answer): Promise<Result<unknown>> {
  if (view.life === 'interrupted')
    return fail('input', 'The run was cut off, so nobody hears the answer.', 'Resume the run in the Runs view, then answer.');
  return fulfil(sessions, view, { kind: 'answer', item: waiting.item.id, answer: said }, 'Weft: answering');
}

const SCOPES: Readonly<Record<Scope, string>> = {
  once: 'Approve',
  agents: 'Approve for These Agents',
  run: 'Approve for This Run',
};

function approvalTitle({ waiting }: ItemNode): string {
  const what = { command: 'command', mcp: 'call of a tool', protected: 'landing', landing: 'landing', question: '', decision: '' };
  return `Approve this ${what[waiting.item.ask.kind]}?`;
}

/** `read`: how many characters of it the person has seen. */
async function approveAfterReading(
  sessions: Sessions,
  node: ItemNode,
  { scope, read }: { readonly scope: Scope; readonly read: number },
): Promise<Result<unknown> | undefined> {
  const text = askText(node.waiting.item.ask);
  if (text.length > read) {
    const button = SCOPES[scope];
    const asked = await vscode.window.showWarningMessage(approvalTitle(node), { modal: true, detail: text }, button);
    if (asked !== button) return undefined;
  }
  return say(sessions, node, { kind: 'approved', scope });
}

async function deny(sessions: Sessions, node: ItemNode): Promise<Result<unknown> | undefined> {
  const reason = await vscode.window.showInputBox({
    title: `Weft: Deny “${shortened(askText(node.waiting.item.ask), TITLE_LENGTH)}”`,
    prompt: 'Why, for the agent to know what to do instead. May stay empty.',
    ignoreFocusOut: true,
  });
  return reason === undefined ? undefined : say(sessions, node, { kind: 'denied', reason: reason.trim() });
}

interface Choice extends vscode.QuickPickItem {
  readonly act: () => Promise<Result<unknown> | undefined>;
}

/** Whatever is asked: a list of what can be said to it. */
async function answer(sessions: Sessions, node: ItemNode): Promise<Result<unknown> | undefined> {
  const { ask } = node.waiting.item;
  const title = `Weft: ${shortened(askText(ask), TITLE_LENGTH)}`;
  const choices = choicesFor(sessions, node);
  if (choices.length === 1) return choices[0]?.act();
  const chosen = await vscode.window.showQuickPick(choices, { title, placeHolder: placeHolderOf(node), ignoreFocusOut: true });
  return chosen?.act();
}

function choicesFor(sessions: Sessions, node: ItemNode): Choice[] {
  const { ask } = node.waiting.item;
  const saying = (label: string): Choice => ({ label, act: () => say(sessions, node, { kind: 'said', text: label }) });
  const approving = (scope: Scope, description: string): Choice => ({
    label: SCOPES[scope],
    description,
    act: () => approveAfterReading(sessions, node, { scope, read: TITLE_LENGTH }),
  });
  const denying: Choice = { label: 'Deny…', description: 'and say why', act: () => deny(sessions, node) };
  switch (ask.kind) {
    case 'question':
      return [...ask.options.map(saying), { label: 'Write an Answer…', act: () => write(sessions, node) }];
    case 'decision':
      return ask.options.map(saying);
    case 'command':
    case 'mcp':
      return [
        approving('once', 'this once'),
        approving('agents', 'just this, as often as they ask'),
        approving('run', 'just this, whichever agent asks'),
        denying,
      ];
    case 'protected':
    case 'landing':
      return [
        {
          label: 'Show Changes',
          description: 'what would land',
          act: async () => {
            await vscode.commands.executeCommand(COMMANDS.showTask, node);
            return undefined;
          },
        },
        approving('once', 'it lands'),
        denying,
      ];
    default:
      return never(ask);
  }
}

function placeHolderOf({ waiting, view }: ItemNode): string {
  const who = waiting.tasks.map(({ task }) => `“${task.title}”`).join(', ');
  const about =
    waiting.item.ask.kind === 'decision' ? waiting.item.ask.detail : who === '' ? view.state.start.plan.goal : `Asked by ${who}`;
  return withoutLinks(about);
}

async function write(sessions: Sessions, node: ItemNode): Promise<Result<unknown> | undefined> {
  const text = await vscode.window.showInputBox({
    title: 'Weft: Answer',
    prompt: askText(node.waiting.item.ask),
    ignoreFocusOut: true,
    validateInput: (said) => (said.trim() === '' ? 'Write an answer, or press Escape.' : undefined),
  });
  return text === undefined ? undefined : say(sessions, node, { kind: 'said', text: text.trim() });
}

/** The commands that decide what is no question, but waits all the same. */
const WAYS: Readonly<Record<'conflict' | 'held', readonly { readonly label: string; readonly command: string }[]>> = {
  conflict: [{ label: 'Open Conflict', command: COMMANDS.openConflict }],
  held: [
    { label: 'Show Changes', command: COMMANDS.showTask },
    { label: 'Land Draft', command: COMMANDS.landTask },
    { label: 'Rework Task', command: COMMANDS.reworkTask },
    { label: 'Discard Draft…', command: COMMANDS.discardTask },
  ],
};

async function decide(node: InboxNode): Promise<undefined> {
  if (node.waiting.kind === 'item') return;
  const ways = WAYS[node.waiting.kind];
  const [only] = ways;
  if (ways.length === 1 && only !== undefined) await vscode.commands.executeCommand(only.command, node);
  else {
    const chosen = await vscode.window.showQuickPick(ways, { title: `Weft: ${shortened(labelOf(node), TITLE_LENGTH)}` });
    if (chosen !== undefined) await vscode.commands.executeCommand(chosen.command, node);
  }
}
