/** What a tree cannot hold, and files take with them when they go: permission bits, and that a folder was empty before they came. */
import type { Result } from '../domain/failure';
import { giveEmptyBack, rememberEmpty } from './emptyFolders';
import type { Place } from './files';
import { giveBits, rememberBits } from './permissions';

/** Paths of files that are deleted, and of those that are made. */
export interface Moves {
  readonly going: readonly string[];
  readonly coming: readonly string[];
}

/** Called before files go and come, under the landing lock. */
export async function rememberBeside(place: Place, { going, coming }: Moves): Promise<Result<void>> {
  const noted = await rememberBits(place, going);
  return noted.ok ? rememberEmpty(place, coming) : noted;
}

/** Called when they have. */
export async function giveBeside(place: Place, { going, coming }: Moves): Promise<Result<void>> {
  const given = await giveBits(place, coming);
  return given.ok ? giveEmptyBack(place, going) : given;
}
