/** Asking before something is taken back or forgotten, with what it means. */

import * as vscode from 'vscode';
import { type Change, changeWord } from '../domain/changes';
import { counted } from '../domain/figures';
import { exactly } from '../domain/inboxText';

/** More files than this are counted, not named. */
const MAX_NAMED = 15;

/** Whether the person pressed the button of a modal question. */
export async function confirm(message: string, lines: readonly string[], button: string): Promise<boolean> {
  return (await vscode.window.showWarningMessage(message, { modal: true, detail: lines.join('\n') }, button)) === button;
}

/** The files that will change, in lines of a question. */
export function fileLines(changes: readonly Change[]): string[] {
  if (changes.length === 0) return ['No file will change.', ''];
  const named = changes.slice(0, MAX_NAMED).map((change) => `${exactly(change.path)} — ${changeWord(change)}`);
  const more = changes.length - named.length;
  return [`${counted(changes.length, 'file')} will change:`, '', ...named, ...(more > 0 ? [`and ${more} more`] : []), ''];
}
