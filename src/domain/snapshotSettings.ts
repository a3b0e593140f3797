/** What the settings say of snapshots: which ignored files are in them, and how many are kept. Pure. */
import { type Include, MEGABYTE } from './include';
import { DEFAULT_INCLUDE_MAX_FILE_MB, DEFAULT_INCLUDE_MAX_MB, DEFAULT_KEEP, DEFAULT_QUOTA_MB, SNAPSHOT_SETTINGS } from './settings';

export interface Keeping {
  /** Snapshots of a folder; at least one. */
  readonly keep: number;
  /** Bytes on disk that all of Weft's of a folder may take beside what its branches have; 0: no limit. */
  readonly quotaBytes: number;
}

/** Reads one setting, as it was written; what is of no use counts as not set. */
export type Setting = (name: string) => unknown;

export function includeOf(setting: Setting): Include {
  const globs = setting(SNAPSHOT_SETTINGS.include);
  return {
    globs: Array.isArray(globs) ? globs.filter((glob) => typeof glob === 'string') : [],
    maxFileBytes: numberOr(setting(SNAPSHOT_SETTINGS.includeMaxFileMb), DEFAULT_INCLUDE_MAX_FILE_MB) * MEGABYTE,
    maxBytes: numberOr(setting(SNAPSHOT_SETTINGS.includeMaxMb), DEFAULT_INCLUDE_MAX_MB) * MEGABYTE,
  };
}

export function keepingOf(setting: Setting): Keeping {
  return {
    keep: Math.max(1, Math.floor(numberOr(setting(SNAPSHOT_SETTINGS.keep), DEFAULT_KEEP))),
    quotaBytes: numberOr(setting(SNAPSHOT_SETTINGS.quotaMb), DEFAULT_QUOTA_MB) * MEGABYTE,
  };
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : otherwise;
}
