/** Files that no task changes without the person's leave, by globs. Pure. */
import picomatch from 'picomatch';

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

/** The paths that a glob means, whatever their case: some disks do not tell it. */
export function protectedAmong(paths: readonly string[], globs: readonly string[]): string[] {
  const isMeant = picomatch([...globs], { dot: true, nocase: true });
  return globs.length === 0 ? [] : paths.filter((path) => isMeant(path));
}
