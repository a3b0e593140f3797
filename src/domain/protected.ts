/** Files that no task changes without the person's leave, by globs. Pure. */
import picomatch from 'picomatch';
import { asTaken } from './path';

/**
 * What runs or binds beyond the workspace (builds, hooks, containers, editors, other agents), what changes data for good, and what others build
 * upon. Lockfiles are not among them: they change with every dependency, by a command that needs leave itself.
 */
export const DEFAULT_PROTECT: readonly string[] = [
  '**/.github/**',
  '**/.gitmodules',
  '**/.gitlab-ci.yml',
  '**/.circleci/**',
  '**/azure-pipelines.yml',
  '**/Jenkinsfile',
  '**/.husky/**',
  '**/.devcontainer/**',
  '**/.vscode/**',
  '**/{.mcp.json,.npmrc,.yarnrc*,.envrc,.env,.env.*}',
  '**/{AGENTS,CLAUDE}.md',
  '**/{.weft,.claude}/**',
  '**/migrations/**',
  '**/{schema.prisma,schema.sql,schema.rb,structure.sql}',
  '**/*.proto',
  '**/*.graphql',
  '**/{openapi,swagger}.{json,yaml,yml}',
];

/** The paths that a glob means, as disks may take them: whatever their case, and without what some leave out of names. */
export function protectedAmong(paths: readonly string[], globs: readonly string[]): string[] {
  const isMeant = picomatch([...globs], { dot: true, nocase: true });
  // A glob's stars stand for no line's end, which a file's name may have in it.
  const oneLine = (path: string) => path.replace(/[\n\r\u2028\u2029]/g, '_');
  return globs.length === 0 ? [] : paths.filter((path) => isMeant(oneLine(path)) || isMeant(oneLine(asTaken(path))));
}
