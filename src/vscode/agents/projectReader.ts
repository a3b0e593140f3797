/** Reads projects in VS Code: with a bundle that a window which only opens does not load. */
import type { ExtensionContext } from 'vscode';
import type { ProjectReader } from '../../engine/project/project';
import type { Repository } from '../../repo/repository';

/** Reads projects with what comes with the first agent or plan, and not before. `lessons`: whether they are told, as it is set by now. */
export function lazyProjectReader(
  context: Pick<ExtensionContext, 'asAbsolutePath'>,
  repo: Repository,
  lessons: () => boolean,
): ProjectReader {
  let reader: Promise<ProjectReader> | undefined;
  return async (tree, told) => {
    reader ??= import('../../engine/agents/bundledAgents.js').then(({ projectReader }) =>
      projectReader(repo, { builtIn: context.asAbsolutePath('media/roles'), lessons }),
    );
    return (await reader)(tree, told);
  };
}
