/** Weft's settings in files of the workspace: they bind agents and say what is kept of their work, so no agent may change them. */
import { parse } from 'jsonc-parser';
import { fail, ok, type Result } from '../../domain/failure';

/** Where VS Code, and Weft's CLI, read settings. */
const SETTINGS_FILE = /(^|\/)(\.vscode\/settings\.json|[^/]*\.code-workspace)$/i;

/** Fails where a file of settings would have other ones of Weft's than before; null: no such file. */
export function checkOwnSettings(path: string, before: Buffer | null, after: Buffer | null): Result<void> {
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

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
