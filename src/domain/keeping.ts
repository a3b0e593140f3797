/** How many snapshots are kept. */
import { MEGABYTE } from './include';
import { DEFAULT_KEEP, DEFAULT_QUOTA_MB } from './settings';

export interface Keeping {
  /** Snapshots of a folder; at least one. */
  readonly keep: number;
  /** Bytes on disk that all of Weft's of a folder may take beside what its branches have; 0: no limit. */
  readonly quotaBytes: number;
}

export const DEFAULT_KEEPING: Keeping = { keep: DEFAULT_KEEP, quotaBytes: DEFAULT_QUOTA_MB * MEGABYTE };
