/** The catalogue of roles: where their files are, which of two with one name counts, and what is wrong with any. Pure. */
import type { Catalogue, RoleDefinition, RoleProblem } from '../../domain/role';
import { type Dialect, type RoleFile, readRoleFile } from './roleFile';

/** Where a workspace, or a folder of it, has roles: what stands further down goes before what stands above it. */
export const ROLE_FOLDERS: readonly { readonly folder: string; readonly dialect: Dialect }[] = [
  { folder: '.claude/agents', dialect: 'claude' },
  { folder: '.github/agents', dialect: 'github' },
  { folder: '.weft/agents', dialect: 'weft' },
];

/** More roles than that are no catalogue any more; each is told to the planner, and to agents that may spawn. */
export const MAX_ROLES = 100;

/** `builtIn`, and then the files of the workspace by path; a file with the name of another role takes its place, and of two in one folder the first counts. */
export function catalogueOf(
  builtIn: readonly RoleFile[],
  files: readonly RoleFile[],
): { roles: Catalogue; problems: readonly RoleProblem[] } {
  const roles = new Map<string, RoleDefinition>();
  const problems: RoleProblem[] = [];
  const order: readonly (readonly RoleFile[])[] = [
    builtIn,
    ...ROLE_FOLDERS.map(({ dialect }) => files.filter((file) => file.dialect === dialect)),
  ];
  for (const group of order) {
    const here = new Map<string, string>();
    for (const file of group) {
      const { role, problems: said } = readRoleFile(file);
      problems.push(...said);
      if (role === undefined) continue;
      const first = here.get(role.name);
      if (group !== builtIn && roles.get(role.name)?.forPlans === false) {
        problems.push({
          kind: 'error',
          path: file.path,
          line: 1,
          message: `has the name “${role.name}”, which is Weft’s own: give it another`,
        });
      } else if (first !== undefined) {
        problems.push({
          kind: 'error',
          path: file.path,
          line: 1,
          message: `has the name “${role.name}”, which ${first} has already: give it another`,
        });
      } else if (!roles.has(role.name) && roles.size >= MAX_ROLES) {
        problems.push({
          kind: 'error',
          path: file.path,
          line: 1,
          message: `is one role too many, and is left out: there may be ${MAX_ROLES}`,
        });
      } else {
        here.set(role.name, file.path);
        roles.set(role.name, role);
      }
    }
  }
  return { roles: [...roles.values()], problems };
}
