/** Numbers, sizes and ages as a person reads them. Pure. */
import type { TooLarge } from './include';

/** `1 task`, `12,345 tasks`: every count of things that a person or an agent reads. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** The number that somebody wrote in digits: `5`, `0.5`; undefined where it is anything else that JavaScript takes for one (`0x10`, `1e3`, ` 5 `). */
export function decimalIn(text: string): number | undefined {
  return /^(?:\d+|\d*\.\d+)$/.test(text) ? Number(text) : undefined;
}

/** `just now`, `2 min ago`, `3 h ago`, `5 days ago`. */
export function ageText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.floor(hours / 24);
  return `${counted(days, 'day')} ago`;
}

/** `0 KB`, `12 KB`, `3.4 MB`, `1.2 GB`: of 1024 each, and never less than is there. */
export function sizeText(bytes: number): string {
  const kilobytes = bytes / 1024;
  if (kilobytes < 1000) return `${Math.ceil(kilobytes)} KB`;
  const megabytes = kilobytes / 1024;
  return megabytes < 1000 ? `${shortened(megabytes)} MB` : `${shortened(megabytes / 1024)} GB`;
}

function shortened(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

/** Which included files a snapshot has no room for, and what to do about it. */
export function tooLargeText({ count, bytes, largest }: TooLarge): string {
  const named = largest.map((file) => `${file.path} (${sizeText(file.bytes)})`).join(', ');
  const more = count > largest.length ? ` and ${count - largest.length} more` : '';
  const what = count === 1 ? 'An ignored file is' : `${count} ignored files, ${sizeText(bytes)} together, are`;
  return `${what} too large to be included, and so in no snapshot, and unseen by agents: ${named}${more}. The limits are weft.snapshot.includeMaxFileMb and weft.snapshot.includeMaxMb.`;
}
