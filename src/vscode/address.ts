/** The addresses of Weft's read-only documents: what each one is of stands as JSON in its query. */
import * as vscode from 'vscode';

/** A run, or a task of it. */
export interface RunAddress {
  readonly run: string;
  readonly task?: string;
}
export type TaskAddress = Required<RunAddress>;

/** `path`: what the document is called, behind a slash. */
export function addressOf(scheme: string, path: string, of: RunAddress): vscode.Uri {
  return vscode.Uri.from({ scheme, path: `/${path}`, query: JSON.stringify(of) });
}

/** What an address is of; undefined where it names no run: anybody can make one up. */
export function readAddress(uri: vscode.Uri): RunAddress | undefined {
  const { run, task } = fieldsOf(uri);
  if (typeof run !== 'string') return undefined;
  return typeof task === 'string' ? { run, task } : { run };
}

/** The same where only a task will do. */
export function readTaskAddress(uri: vscode.Uri): TaskAddress | undefined {
  const { run, task } = readAddress(uri) ?? {};
  return run === undefined || task === undefined ? undefined : { run, task };
}

/** The fields of what the query says; none where it is no object in JSON. */
export function fieldsOf(uri: vscode.Uri): Readonly<Record<string, unknown>> {
  try {
    const said: unknown = JSON.parse(uri.query);
    return typeof said === 'object' && said !== null ? { ...said } : {};
  } catch {
    return {};
  }
}
