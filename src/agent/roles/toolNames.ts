/** Names of tools in role files, those of other programs too, as the kinds that a role of Weft's has. Pure. */
import { TOOL_KINDS } from '../../domain/role';

/** `reading`: every role may do it. `none`: nothing here does it. `all`: whatever there is. A text: a kind, or `server/tool`. */
export type Meaning = { readonly kind: 'all' | 'reading' | 'none' } | { readonly kind: 'tool'; readonly name: string };

const reading = { kind: 'reading' } as const;
const none = { kind: 'none' } as const;
const tool = (name: string) => ({ kind: 'tool', name }) as const;

/** In small letters. Weft's own, Claude Code's, those of GitHub's agents, and VS Code's. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ['*', { kind: 'all' }],
  ['all', { kind: 'all' }],
  ...TOOL_KINDS.map((kind) => [kind, tool(kind)] as const),
  ...names('read list_files read_file search finish ask diagnostics', reading),
  ...names('edit_file write_file move_file delete_file set_executable', tool('edit')),
  ...names('grep glob ls notebookread todowrite todoread todo todos askuserquestion exitplanmode think', reading),
  ...names('multiedit write notebookedit', tool('edit')),
  ...names('bash bashoutput killshell killbash powershell', tool('run')),
  ...names('task agent subagent', tool('spawn')),
  ...names('codebase usages problems changes testfailure findtestfiles searchresults', reading),
  ...names('editfiles createfile createdirectory editnotebook', tool('edit')),
  ...names('execute shell runcommands runinterminal runtasks runtests terminallastcommand', tool('run')),
  ...names('custom-agent runsubagent', tool('spawn')),
  ...names('websearch webfetch web fetch githubrepo vscodeapi extensions opensimplebrowser new skill slashcommand', none),
]);

function names(all: string, meaning: Meaning): (readonly [string, Meaning])[] {
  return all.split(' ').map((name) => [name, meaning] as const);
}

/** What a name in a role's list of tools stands for; undefined where nobody knows. */
export function meaningOf(raw: string): Meaning | undefined {
  // Claude Code's rules say which calls: here each command is approved for itself.
  const name = raw.replace(/\(.*\)$/s, '').trim();
  const known = MEANINGS.get(name.toLowerCase());
  if (known !== undefined) return known;
  const [, claudeServer, claudeTool = '*'] = /^mcp__(.+?)(?:__(.+))?$/.exec(name) ?? [];
  if (claudeServer !== undefined) return tool(`${claudeServer}/${claudeTool}`);
  const [, set = '', inSet] = /^([^/\s]+)\/([^/\s]+)$/.exec(name) ?? [];
  if (inSet === undefined) return undefined;
  // VS Code's own sets: edit/editFiles, search/codebase.
  const own = MEANINGS.get(set.toLowerCase());
  if (own !== undefined) return own;
  return set === 'vscode' ? none : tool(`${set}/${inSet}`);
}
