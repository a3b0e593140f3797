/** The MCP servers of this window's folders: let through by the person once for each definition, and shared by the runs of the window. */
import * as vscode from 'vscode';
import { consentKey, consentsSchema, definitionText, inputNamesSchema, type McpDefinition, type McpInput } from '../../domain/mcp';
import { findDefinitions, prepareServers } from '../../engine/mcp/definitions';
import type { NamedServer, OpenServers } from '../../engine/mcp/servers';
import { notify, withProgress } from '../messages';
import { COMMANDS, SETTINGS } from '../names';
import type { Session } from '../session';

/** Where it is kept what the person said to each definition, and the names of the secrets that they gave. */
const CONSENTS = 'weft.mcp.consents';
const INPUTS = 'weft.mcp.inputs';

interface Opened {
  /** What they were opened with. */
  readonly key: string;
  readonly servers: OpenServers;
}

export class McpServers {
  private readonly opened = new Map<string, Opened>();

  constructor(private readonly context: vscode.ExtensionContext) {}

  /** Those that agents of a session's runs may use; undefined for none. Asks the person about what they have not seen yet. */
  async of({ id, repo, folder }: Session): Promise<OpenServers | undefined> {
    const roots = typeof repo.root === 'string' ? [repo.root] : repo.root.map((one) => one.folder);
    const [first = ''] = roots;
    const own: unknown = vscode.workspace.getConfiguration('weft', folder?.uri).inspect(SETTINGS.mcpServers)?.globalValue;
    const { definitions, problems } = await findDefinitions(roots, own);
    const prepared = await prepareServers(definitions, {
      folder: first,
      env: process.env,
      consent: (definition) => this.consent(definition, first),
      input: (input, definition) => this.input(input, definition, first),
    });
    this.tell([...problems, ...prepared.problems]);
    const key = JSON.stringify(prepared.servers);
    const before = this.opened.get(id);
    if (before?.key === key && before.servers.problems.length === 0) return before.servers;
    this.opened.delete(id);
    // What another run of this folder still uses is called no more: the definition that it came from has changed.
    await before?.servers.close();
    return prepared.servers.length === 0 ? undefined : this.open({ id, key, folder: first }, prepared.servers);
  }

  private async open(
    { id, key, folder }: { readonly id: string; readonly key: string; readonly folder: string },
    named: readonly NamedServer[],
  ): Promise<OpenServers> {
    const { openServers } = await import('../../engine/mcp/bundledMcp.js');
    const ids = () => crypto.randomUUID();
    const servers = await withProgress('Weft: starting MCP servers', (signal) => openServers(named, { folder, id: ids }, signal));
    this.tell(servers.problems);
    this.opened.set(id, { key, servers });
    return servers;
  }

  private tell(problems: readonly string[]): void {
    if (problems.length > 0) void notify('warning', `Weft: ${problems.join(' ')}`);
  }

  private async consent(definition: McpDefinition, folder: string): Promise<boolean> {
    const key = consentKey(definition, folder);
    const said = this.consents()[key];
    if (said !== undefined) return said;
    const [allow, never] = ['Allow', 'Never'];
    const answer = await vscode.window.showWarningMessage(
      `Let agents use the MCP server “${definition.name}” of ${definition.source}?`,
      {
        modal: true,
        detail: `${definition.server.kind === 'stdio' ? 'Weft would start, with your rights' : 'Weft would ask'}:\n\n${definitionText(definition)}\n\nYou are asked again when this changes.`,
      },
      allow,
      never,
    );
    if (answer === undefined) return false;
    await this.context.globalState.update(CONSENTS, { ...this.consents(), [key]: answer === allow });
    return answer === allow;
  }

  private consents(): Record<string, boolean> {
    return consentsSchema.safeParse(this.context.globalState.get(CONSENTS)).data ?? {};
  }

  private async input(
    { id, description, password, options }: McpInput,
    definition: McpDefinition,
    folder: string,
  ): Promise<string | undefined> {
    const name = `${INPUTS}.${consentKey(definition, folder)}.${id}`;
    const kept = await this.context.secrets.get(name);
    if (kept !== undefined) return kept;
    const title = `MCP server “${definition.name}”: ${description === '' ? id : description}`;
    const value =
      options.length > 0
        ? await vscode.window.showQuickPick([...options], { title, ignoreFocusOut: true })
        : await vscode.window.showInputBox({ title, password, prompt: 'Kept in VS Code’s secret storage.', ignoreFocusOut: true });
    if (value === undefined) return undefined;
    await this.context.secrets.store(name, value);
    await this.context.globalState.update(INPUTS, [...this.inputNames(), name]);
    return value;
  }

  private inputNames(): string[] {
    return inputNamesSchema.safeParse(this.context.globalState.get(INPUTS)).data ?? [];
  }

  /** Forgets what the person said to definitions, and what they gave for them. */
  async forget(): Promise<void> {
    for (const name of this.inputNames()) await this.context.secrets.delete(name);
    await this.context.globalState.update(INPUTS, undefined);
    await this.context.globalState.update(CONSENTS, undefined);
    await this.close();
  }

  /** Resolves when nothing of them is left. */
  async close(): Promise<void> {
    const all = [...this.opened.values()];
    this.opened.clear();
    await Promise.all(all.map(({ servers }) => servers.close()));
  }
}

export function registerMcp(servers: McpServers): vscode.Disposable {
  return vscode.commands.registerCommand(COMMANDS.forgetServers, async () => {
    await servers.forget();
    void notify('information', 'Weft has forgotten which MCP servers agents may use, and what it was given for them: you are asked again.');
  });
}
