/** What is used where the person set nothing; package.json's defaults are held to these by a test. */
export const DEFAULT_MODEL = 'claude-sonnet-5-5';
export const DEFAULT_MAX_WORKERS = 5;
export const MAX_WORKERS = 64;
