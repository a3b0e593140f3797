/** Notifications of what has come into the inbox: one at a time, for all that came meanwhile, so that agents cannot flood the person. */
import * as vscode from 'vscode';
import { counted } from '../../domain/figures';
import { askText } from '../../domain/inboxText';
import { type Button, MOST_BUTTONS, notify } from '../messages';
import { COMMANDS, VIEWS } from '../names';
import { shortened } from '../runs/wording';
import type { Sessions } from '../session';
import { NOTICE } from './inbox';
import { type InboxNode, inboxKey, inboxNodes } from './inboxRows';

/** What comes within this many milliseconds is told together. */
const TOGETHER_MS = 400;
/** A notification that nobody closes goes to the bell by itself; after so many milliseconds the next one may come. */
const PATIENCE_MS = 60_000;
/** What is longer than a notification shows is approved where it is read whole. */
const TEXT_LENGTH = 160;

export function registerInboxNotices(sessions: Sessions): vscode.Disposable {
  const told = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();
  let isTelling = false;
  const after = (ms: number, act: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
  };
  const tell = async () => {
    // Conflicts, what is held for another reason, and budgets are told of where they happen.
    const isTold = ({ waiting }: InboxNode) => waiting.kind !== 'item' || waiting.item.ask.kind === 'decision';
    const all = inboxNodes(await sessions.runs()).filter((node) => !isTold(node) && isOfThisWindow(node.view));
    const news = all.filter((node) => !told.has(inboxKey(node)));
    for (const node of news) told.add(inboxKey(node));
    if (news.length === 0) {
      isTelling = false;
      return;
    }
    let isOver = false;
    const next = () => {
      if (isOver) return;
      isOver = true;
      void tell();
    };
    after(PATIENCE_MS, next);
    void notifyOf(news).finally(next);
  };
  return vscode.Disposable.from(
    new vscode.Disposable(() => {
      for (const timer of timers) clearTimeout(timer);
    }),
    sessions.onDidHappen(({ event }) => {
      if (event.type !== 'inbox.asked' || isTelling) return;
      isTelling = true;
      after(TOGETHER_MS, () => void tell());
    }),
  );
}

function isOfThisWindow({ session, state }: InboxNode['view']): boolean {
  return session.live.has(state.start.run);
}

async function notifyOf(nodes: readonly InboxNode[]): Promise<void> {
  const [only] = nodes;
  const show: Button = { title: 'Show Inbox', act: () => vscode.commands.executeCommand(`${VIEWS.inbox}.focus`) };
  if (only === undefined || only.waiting.kind !== 'item') return;
  if (nodes.length > 1) {
    await notify('warning', `Weft: ${counted(nodes.length, 'decision')} wait for you in the Inbox.`, [show]);
    return;
  }
  const { ask } = only.waiting.item;
  const text = askText(ask);
  const { tasks } = only.waiting;
  const who =
    only.task !== undefined ? `“${only.task.task.title}” asks` : tasks.length === 0 ? 'The run asks' : `${tasks.length} agents ask`;
  const button = (title: string, id: string): Button => ({ title, act: () => vscode.commands.executeCommand(id, only, NOTICE) });
  const isLeave = ask.kind !== 'question' && ask.kind !== 'decision';
  const isWhole = text.length <= TEXT_LENGTH;
  const buttons =
    isLeave && isWhole ? [button('Approve', COMMANDS.approve), button('Deny…', COMMANDS.deny)] : [button('Answer…', COMMANDS.answer)];
  const changes = ask.kind === 'protected' || ask.kind === 'landing' ? [button('Show Changes', COMMANDS.showTask)] : [];
  await notify('warning', `Weft: ${who}: ${shortened(text, TEXT_LENGTH)}`, [...changes, ...buttons, show].slice(0, MOST_BUTTONS));
}
