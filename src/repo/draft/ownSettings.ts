/**
 * What binds agents, in files of the workspace, so that no agent may change it: Weft's settings, which say what is kept of their work, and
 * git's attributes that say how files are merged and filtered, which would take its say from a conflict.
 */
import { parse } from 'jsonc-parser';
import { fail, ok, type Result } from '../../domain/failure';

/** Where VS Code reads settings. */
const SETTINGS_FILE = /(^|\/)(\.vscode\/settings\.json|[^/]*\.code-workspace)$/i;

const ATTRIBUTES_FILE = /(^|\/)\.gitattributes$/i;
/** A macro may stand for any of them. `-merge`, and so `binary`, makes more conflicts, not fewer. */
const BINDING = /^\s*\[attr\]|\s(merge|filter)=/;

/** Whether there may be something in a file of this name that {@link checkOwnSettings} minds. */
export function isBinding(path: string): boolean {
  return ATTRIBUTES_FILE.test(path) || SETTINGS_FILE.test(path);
}

/** Fails where a file would have other ones of the settings or attributes that bind agents than before; null: no such file. */
export function checkOwnSettings(path: string, before: Buffer | null, after: Buffer | null): Result<void> {
  if (ATTRIBUTES_FILE.test(path) && bindingIn(before) !== bindingIn(after)) {
    return fail(
      'input',
      `${path} would change how git merges or filters files, which is the person’s alone to say.`,
      'Leave its lines with merge=, filter= or [attr] as they are; say in your summary what should be set.',
    );
  }
  if (!SETTINGS_FILE.test(path) || settingsIn(before) === settingsIn(after)) return ok();
  return fail(
    'input',
    `${path} would change settings of Weft (weft.…), which are the person’s alone.`,
    'Leave these as they are; say in your summary what should be set.',
  );
}

/** Weft's settings in a settings file or a workspace file, as text. */
function settingsIn(bytes: Buffer | null): string {
  const file: unknown = parse((bytes ?? '').toString());
  const inner = entriesOf(file).find(([name]) => name === 'settings')?.[1];
  const own = [...entriesOf(file), ...entriesOf(inner)].filter(([name]) => name.startsWith('weft.'));
  return JSON.stringify(own.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function bindingIn(bytes: Buffer | null): string {
  const lines = (bytes ?? '').toString().split(/\r?\n/);
  return lines.filter((line) => BINDING.test(line)).join('\n');
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
