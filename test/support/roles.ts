/** Weft's own roles, as their files say. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogueOf } from '../../src/agent/roles/catalogue';
import type { AgentRole, Catalogue } from '../../src/domain/role';

/** Where they lie: this file is compiled to `out/test/support`. */
export const ROLES_FOLDER = join(__dirname, '..', '..', '..', 'media', 'roles');

export function builtInRoles(): Catalogue {
  const files = readdirSync(ROLES_FOLDER)
    .sort()
    .map((path) => ({
      path,
      text: readFileSync(join(ROLES_FOLDER, path), 'utf8'),
      dialect: 'weft' as const,
      source: { kind: 'builtIn' as const },
    }));
  const { roles, problems } = catalogueOf(files, []);
  assert.deepEqual(problems, []);
  return roles;
}

/** As its agent knows it. */
export function agentRole(name: string): AgentRole {
  const found = builtInRoles().find((role) => role.name === name);
  assert.ok(found !== undefined, `there is no role ${name}`);
  const { instructions, tools, source } = found;
  return { name, instructions, tools, source };
}
