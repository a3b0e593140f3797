/** Reads what a run goes by of its project, from a tree of the workspace: so links lead nowhere, what git ignores is not there, and a run that is gone on with finds what it began with. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RuleFile } from '../../agent/projectText';
import { catalogueOf, ROLE_FOLDERS } from '../../agent/roles/catalogue';
import { MAX_ROLE_CHARACTERS, type RoleFile } from '../../agent/roles/roleFile';
import type { Entry } from '../../domain/changes';
import { fail, ok, type Result, thrownText } from '../../domain/failure';
import { LESSONS_FILE, readLessons } from '../../domain/lessons';
import { BUILT_IN_ROLES, type RoleProblem } from '../../domain/role';
import type { Repository } from '../../repo/repository';
import { listTree, treeOf } from '../../repo/trees';
import type { Project, ProjectReader } from './project';

/** Files of rules, by their paths in the folder that they hold for. */
const RULE_FILES = /(?:^|\/)(?:AGENTS\.md|CLAUDE\.md|\.claude\/CLAUDE\.md|\.github\/copilot-instructions\.md)$/;
/** What stands in such a file stands there for a person. */
const MAX_BYTES = 400_000;
/** So many files of rules are read; those of the outer folders first. */
const MAX_RULE_FILES = 100;

export interface ProjectOptions {
  /** The folder of Weft's own roles, absolute. */
  readonly builtIn: string;
  /** Whether what earlier runs learned is told, as it is set by now. */
  readonly lessons: () => boolean;
}

/** Reads each tree once: whoever types a plan asks again and again. */
export function projectReader(repo: Repository, { builtIn, lessons }: ProjectOptions): ProjectReader {
  let last: { readonly tree: string; readonly project: Project } | undefined;
  return async (commit, told = lessons()) => {
    const tree = await treeOf(repo, commit);
    if (!tree.ok) return tree;
    if (last?.tree !== tree.value) {
      const own = await readBuiltIn(builtIn);
      if (!own.ok) return own;
      const project = await readFrom(repo, tree.value, own.value);
      if (!project.ok) return project;
      last = { tree: tree.value, project: project.value };
    }
    return ok(told ? last.project : { ...last.project, lessons: [] });
  };
}

async function readBuiltIn(folder: string): Promise<Result<RoleFile[]>> {
  try {
    const order = (name: string) => [...BUILT_IN_ROLES.map((role) => `${role}.md`), name].indexOf(name);
    const names = (await readdir(folder)).filter((name) => name.endsWith('.md')).sort((a, b) => order(a) - order(b));
    const files = names.map(async (path): Promise<RoleFile> => {
      const text = await readFile(join(folder, path), 'utf8');
      return { path, text, dialect: 'weft', source: { kind: 'builtIn' } };
    });
    return ok(await Promise.all(files));
  } catch (thrown) {
    return fail('file', `Weft’s own roles cannot be read: ${thrownText(thrown)}.`, 'Install Weft again.');
  }
}

async function readFrom(repo: Repository, tree: string, builtIn: readonly RoleFile[]): Promise<Result<Project>> {
  const listed = await listTree(repo, tree);
  if (!listed.ok) return listed;
  const tops = typeof repo.root === 'string' ? [''] : repo.root.map(({ name }) => `${name}/`);
  const problems: RoleProblem[] = [];
  const roleFiles: RoleFile[] = [];
  const ruleFiles: { path: string; folder: string; entry: Entry }[] = [];
  const lessons: string[] = [];
  for (const [path, entry] of listed.value) {
    // Neither links, nor other repositories.
    if (entry.mode !== '100644' && entry.mode !== '100755') continue;
    const top = tops.find((one) => path.startsWith(one)) ?? '';
    const inside = path.slice(top.length);
    const dialect = ROLE_FOLDERS.find(
      ({ folder }) => inside.startsWith(`${folder}/`) && /^[^/]+\.md$/i.test(inside.slice(folder.length + 1)),
    )?.dialect;
    if (dialect !== undefined) {
      const text = await textOf(repo, entry, MAX_ROLE_CHARACTERS * 4);
      if (!text.ok) return text;
      if (text.value === undefined)
        problems.push({ kind: 'error', path, line: 1, message: 'is too large, or no text, for a role: shorten it' });
      else roleFiles.push({ path, text: text.value, dialect, source: { kind: 'file', path } });
    } else if (RULE_FILES.test(path)) {
      ruleFiles.push({ path, folder: path.replace(RULE_FILES, ''), entry });
    } else if (inside === LESSONS_FILE) {
      const text = await textOf(repo, entry, MAX_BYTES);
      if (!text.ok) return text;
      lessons.push(...readLessons(text.value ?? ''));
    }
  }
  const rules = await readRules(repo, ruleFiles);
  if (!rules.ok) return rules;
  const { roles, problems: said } = catalogueOf(builtIn, roleFiles);
  return ok({ roles, rules: rules.value, lessons, problems: [...problems, ...said] });
}

async function readRules(repo: Repository, files: readonly { path: string; folder: string; entry: Entry }[]): Promise<Result<RuleFile[]>> {
  const outerFirst = [...files].sort((a, b) => a.folder.split('/').length - b.folder.split('/').length).slice(0, MAX_RULE_FILES);
  const rules: RuleFile[] = [];
  for (const { path, folder, entry } of outerFirst) {
    const text = await textOf(repo, entry, MAX_BYTES);
    if (!text.ok) return text;
    if (text.value !== undefined && text.value.trim() !== '') rules.push({ path, folder, text: text.value });
  }
  return ok(rules);
}

/** Undefined where it is too large, or no text. */
async function textOf(repo: Repository, { blob }: Entry, mostBytes: number): Promise<Result<string | undefined>> {
  const bytes = await repo.objects.read(blob);
  if (!bytes.ok) return bytes;
  const { value } = bytes;
  return ok(value === undefined || value.length > mostBytes || value.includes(0) ? undefined : value.toString('utf8'));
}
