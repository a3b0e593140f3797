/** Answers to what the extension asks in dialogs, in place of a person; each question is kept for the test to read. */
import * as vscode from 'vscode';

export interface Answers extends vscode.Disposable {
  /** What was said and asked so far, with the details of questions below them. */
  readonly asked: string[];
  /** A notification whose text has this; resolves to all of it, as soon as it is shown. */
  told(text: string): Promise<string>;
  /** The titles of the buttons of that notification, once it is shown. */
  buttonsOf(text: string): readonly unknown[];
}

/** Presses these buttons, by title, and gives these answers to lists and boxes, in order. */
export function answering(given: { buttons?: readonly string[]; picks?: readonly string[]; text?: string }): Answers {
  const { showWarningMessage, showInformationMessage, showErrorMessage, showQuickPick, showInputBox } = vscode.window;
  const asked: string[] = [];
  const waiting = new Set<() => void>();
  const buttons = [...(given.buttons ?? [])];
  const titles = new Map<string, readonly unknown[]>();
  const picks = [...(given.picks ?? [])];
  const message = async (text: string, ...more: unknown[]): Promise<unknown> => {
    const [options] = more;
    const detail = typeof options === 'object' && options !== null && 'detail' in options ? `\n${String(options.detail)}` : '';
    asked.push(`${text}${detail}`);
    titles.set(text, more.map(titleOf));
    for (const look of waiting) look();
    const pressed = more.find((button) => titleOf(button) === buttons[0]);
    if (pressed !== undefined) buttons.shift();
    return pressed;
  };
  const pick = async (items: unknown, options?: { readonly canPickMany?: boolean }): Promise<unknown> => {
    const all = (await items) as readonly { readonly label: string }[];
    const wanted = picks.shift();
    asked.push(all.map(({ label }) => label).join(', '));
    const found = all.find(({ label }) => label === wanted);
    return options?.canPickMany === true && found !== undefined ? [found] : found;
  };
  Object.assign(vscode.window, {
    showWarningMessage: message,
    showInformationMessage: message,
    showErrorMessage: message,
    showQuickPick: pick,
    showInputBox: async () => given.text,
  });
  return {
    asked,
    buttonsOf: (text) => titles.get(text) ?? [],
    told: (text) =>
      new Promise((resolve) => {
        const look = () => {
          const found = asked.find((one) => one.includes(text));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    dispose: () =>
      void Object.assign(vscode.window, { showWarningMessage, showInformationMessage, showErrorMessage, showQuickPick, showInputBox }),
  };
}

function titleOf(button: unknown): unknown {
  if (typeof button === 'object' && button !== null && 'title' in button) return button.title;
  return button;
}
