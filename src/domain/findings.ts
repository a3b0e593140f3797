/** Findings of reviews: lines of an agent's summary that a program can read, such as `HIGH src/a.ts:12 — any caller can pass “..”`. Pure. */
import { parsePath } from './path';

/** The worst first. */
export const SEVERITIES = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Finding {
  readonly severity: Severity;
  /** A workspace path. */
  readonly path: string;
  /** Counted from 1; null where the finding is about the whole file. */
  readonly line: number | null;
  /** What is wrong, and what to do about it. */
  readonly text: string;
}

/** Models put such a line into a list, or emphasize its beginning. */
const LINE =
  /^[ \t]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?(?:\*\*|__|\[)?(CRITICAL|HIGH|MEDIUM|LOW)(?:\*\*|__|\])?:?[ \t]+(?:\*\*|`)?([^\s`*](?:[^\n`*]{0,400}?[^\s`*:])?)(?::(\d{1,9})(?:[-–:]\d{1,9})?)?(?:\*\*|`)?:?[ \t]+(?:—|–|--?)[ \t]+(\S.*)$/gm;

/** What a summary finds, the worst first, otherwise in its order; the same finding once. What is no finding, or names no file of a workspace, is left out. */
export function findingsOf(summary: string): Finding[] {
  const found = new Map<string, Finding>();
  for (const [, said, raw = '', line, text = ''] of summary.replaceAll('\r', '').matchAll(LINE)) {
    const severity = SEVERITIES.find((one) => one === said);
    const path = parsePath(raw);
    if (severity === undefined || !path.ok) continue;
    const number = line === undefined ? 0 : Number(line);
    const finding = { severity, path: path.value, line: number > 0 ? number : null, text: text.trim() };
    found.set(JSON.stringify(finding), found.get(JSON.stringify(finding)) ?? finding);
  }
  return [...found.values()].sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

/** `HIGH src/a.ts:12 — …` */
export function findingText({ severity, path, line, text }: Finding): string {
  return `${severity} ${path}${line === null ? '' : `:${line}`} — ${text}`;
}
