/** The roles of this window's folders, as plans can name them: read once, and again when a file of a role changes; and, in plans, whose a task is that names none. */
import * as vscode from 'vscode';
import { BUILT_IN_HEADS, type RoleHead, type RoleProblem } from '../../domain/role';
import { projectNow } from '../agents/project';
import { ROLE_PLACES, RoleFolders } from '../agents/roleFolders';
import type { Session, Sessions } from '../session';
import { PLANS, sessionOfPlan } from './planDocument';
import { routedIn } from './planText';

const ROLE_FILES = `**/{${ROLE_PLACES.join(',')}}/agents/*.md`;
/** What is typed into a file of a role counts when nobody has typed for this many milliseconds. */
const PAUSE_MS = 500;
/** A folder that cannot be read, while git or somebody else is at it, say, is read again so often, each time after twice as long. */
const READ_AGAIN = 6;

/** What is known of the roles of a folder. */
interface Known {
  readonly roles: readonly RoleHead[];
  readonly problems: readonly RoleProblem[];
}

export class PlanRoles implements vscode.Disposable {
  private readonly known = new Map<string, Promise<Known>>();
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly listening: vscode.Disposable;
  private timer: NodeJS.Timeout | undefined;
  private failed = 0;

  constructor(private readonly sessions: Sessions) {
    // Unsaved text counts; a change of it that is thrown away is told by the closing of its document alone.
    const typed = (document: vscode.TextDocument) => {
      if (vscode.languages.match({ scheme: 'file', pattern: ROLE_FILES }, document) === 0) return;
      this.forgetIn(PAUSE_MS);
    };
    const folders = new RoleFolders();
    this.listening = vscode.Disposable.from(
      folders,
      folders.onDidChange(() => this.forget()),
      vscode.workspace.onDidChangeTextDocument(({ document }) => typed(document)),
      vscode.workspace.onDidCloseTextDocument(typed),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.forget()),
    );
  }

  /** Those of a plan's folder; Weft's own, by their names, where that is not to be read. */
  async of(plan: vscode.Uri): Promise<readonly RoleHead[]> {
    if (!vscode.workspace.isTrusted) return BUILT_IN_HEADS;
    const [first] = vscode.workspace.workspaceFolders ?? [];
    const session = (await sessionOfPlan(this.sessions, plan)) ?? (first === undefined ? undefined : await this.sessions.of(first));
    return session?.ok === true ? (await this.knownOf(session.value)).roles : BUILT_IN_HEADS;
  }

  /** What is wrong with the files of roles of a folder. */
  async problems(session: Session): Promise<readonly RoleProblem[]> {
    return (await this.knownOf(session)).problems;
  }

  private forgetIn(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.forget(), ms);
  }

  private forget(): void {
    this.known.clear();
    this.changed.fire();
  }

  private knownOf(session: Session): Promise<Known> {
    const known = this.known.get(session.id) ?? this.read(session);
    this.known.set(session.id, known);
    return known;
  }

  private async read(session: Session): Promise<Known> {
    const project = await projectNow(session, this.sessions.closing);
    if (project.ok) {
      this.failed = 0;
      return project.value;
    }
    this.known.delete(session.id);
    if (this.failed < READ_AGAIN && !this.sessions.closing.aborted) this.forgetIn(PAUSE_MS * 2 ** this.failed++);
    return { roles: BUILT_IN_HEADS, problems: [] };
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.listening.dispose();
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
