/** The roles that plans of this window can name: read once, and again when a file of a role changes; and, in plans, whose a task is that names none. */
import * as vscode from 'vscode';
import { BUILT_IN_HEADS, type RoleHead } from '../../domain/role';
import { projectNow } from '../agents/project';
import type { Session, Sessions } from '../session';
import { PLANS, sessionOfPlan } from './planDocument';
import { routedIn } from './planText';

const ROLE_FILES = '**/{.weft,.claude,.github}/agents/*.md';

export class PlanRoles implements vscode.Disposable {
  private readonly known = new Map<string, Promise<readonly RoleHead[]>>();
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly watcher = vscode.workspace.createFileSystemWatcher(ROLE_FILES);

  constructor(private readonly sessions: Sessions) {
    const forget = () => {
      this.known.clear();
      this.changed.fire();
    };
    for (const event of [this.watcher.onDidChange, this.watcher.onDidCreate, this.watcher.onDidDelete]) event(forget);
    vscode.workspace.onDidGrantWorkspaceTrust(forget);
  }

  /** Those of a plan's folder; Weft's own, by their names, where that is not to be read. */
  async of(plan: vscode.Uri): Promise<readonly RoleHead[]> {
    if (!vscode.workspace.isTrusted) return BUILT_IN_HEADS;
    const [first] = vscode.workspace.workspaceFolders ?? [];
    const session = (await sessionOfPlan(this.sessions, plan)) ?? (first === undefined ? undefined : await this.sessions.of(first));
    if (session === undefined || !session.ok) return BUILT_IN_HEADS;
    const { id } = session.value;
    const known = this.known.get(id) ?? this.read(session.value);
    this.known.set(id, known);
    return known;
  }

  private async read(session: Session): Promise<readonly RoleHead[]> {
    const project = await projectNow(session, this.sessions.closing);
    if (project.ok) return project.value.roles;
    // What could not be read now may be by the next time.
    this.known.delete(session.id);
    return BUILT_IN_HEADS;
  }

  dispose(): void {
    this.watcher.dispose();
    this.changed.dispose();
  }
}

/** Says beside a task that names no role which one it gets, and why. */
export function registerPlanRouting(roles: PlanRoles): vscode.Disposable {
  const provider: vscode.InlayHintsProvider = {
    onDidChangeInlayHints: roles.onDidChange,
    provideInlayHints: async (document, range) => {
      const known = await roles.of(document.uri);
      return routedIn(document.getText(), known).flatMap(({ role, reason, offset }) => {
        const at = document.positionAt(offset);
        if (!range.contains(at)) return [];
        const hint = new vscode.InlayHint(at, `role: ${role}`);
        hint.paddingLeft = true;
        hint.tooltip = `The task names no role. It gets “${role}”: ${reason}. Add "role" to choose another.`;
        return [hint];
      });
    },
  };
  return vscode.languages.registerInlayHintsProvider(PLANS, provider);
}
