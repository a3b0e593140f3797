/** Lessons: short notes of earlier runs, one list item each in a file that the person edits. Pure. */
import { redacted } from './secrets';

/** In each folder of a workspace. */
export const LESSONS_FILE = '.weft/lessons.md';

/** Characters of a lesson, and of all that a run is told; how many it is told. */
export const MAX_LESSON = 400;
const MAX_TOLD_CHARACTERS = 6_000;
const MAX_TOLD = 24;
/** More than that are no notes any more: the oldest go when new ones are kept. */
const MAX_KEPT = 200;

const HEADING = `# Lessons

What earlier runs of Weft learned about this project. Those that fit are told to the agents of later runs: edit them, delete them, add your own, one list item each.
`;

/** What a run is about, as far as lessons can fit it. */
export interface LessonTopic {
  /** Goal, titles and instructions. */
  readonly text: string;
  /** Files that it is expected to write or read, globs included. */
  readonly paths: readonly string[];
  readonly roles: readonly string[];
}

/** The lessons of a file: its list items, each with the lines that belong to it; nothing else of the file is one. */
export function readLessons(file: string): string[] {
  const lessons: string[] = [];
  let isOpen = false;
  for (const line of file.replaceAll('\r', '').split('\n')) {
    const [, item] = /^[-*+][ \t]+(.*)$/.exec(line) ?? [];
    if (item !== undefined) {
      lessons.push(item.trim());
      isOpen = true;
    } else if (isOpen && /^[ \t]+\S/.test(line)) {
      lessons.push(`${lessons.pop() ?? ''} ${line.trim()}`);
    } else {
      isOpen = false;
    }
  }
  return lessons.map(oneLine).filter((lesson) => lesson !== '');
}

/** A lesson as it is written and told: one line, no secret, not too long. */
export function oneLine(lesson: string): string {
  const flat = redacted(lesson).replaceAll(/\s+/g, ' ').trim();
  return flat.length <= MAX_LESSON ? flat : `${flat.slice(0, MAX_LESSON - 1).trimEnd()}…`;
}

/** A file's text with more lessons at its end, and the rest of it as it was. Those that it has already are not added again. */
export function withLessons(file: string, more: readonly string[]): string {
  const known = new Set(readLessons(file).map(bare));
  const added: string[] = [];
  for (const lesson of more.map(oneLine)) {
    if (lesson === '' || known.has(bare(lesson))) continue;
    known.add(bare(lesson));
    added.push(lesson);
  }
  if (added.length === 0) return file;
  const end = file.includes('\r\n') ? '\r\n' : '\n';
  const before = file.trim() === '' ? HEADING.replaceAll('\n', end) : file.replace(/\s*$/, end);
  // A list goes on with the next line; after anything else, it begins after an empty one.
  const isList = /^[-*+][ \t]|^[ \t]+\S/.test(before.trimEnd().split(/\r?\n/).at(-1) ?? '');
  const text = `${before}${isList ? '' : end}${added.map((lesson) => `- ${lesson}${end}`).join('')}`;
  return forgetting(text, readLessons(text).length - MAX_KEPT);
}

/** Without its first so many lessons. */
function forgetting(file: string, count: number): string {
  if (count <= 0) return file;
  const lines = file.split('\n');
  let left = count;
  const kept: string[] = [];
  let isGoing = false;
  for (const line of lines) {
    const isItem = /^[-*+][ \t]/.test(line);
    isGoing = isItem ? left-- > 0 : isGoing && /^[ \t]+\S/.test(line);
    if (!isGoing) kept.push(line);
  }
  return kept.join('\n');
}

/**
 * Those that fit a run: that name a path or a role of it, or share words with it; and those that name neither path nor role, which hold for
 * everything. The best first, of equals the newest; no more than a prompt has room for.
 */
export function fittingLessons(lessons: readonly string[], topic: LessonTopic): string[] {
  const words = new Set(wordsOf([topic.text, ...topic.paths].join(' ')));
  const scored = lessons.map((lesson, at) => ({ lesson, at, points: pointsOf(lesson, topic, words) }));
  const fitting = scored.filter(({ points }) => points > 0).sort((a, b) => b.points - a.points || b.at - a.at);
  let room = MAX_TOLD_CHARACTERS;
  const told = fitting.slice(0, MAX_TOLD).filter(({ lesson }) => {
    room -= lesson.length;
    return room >= 0;
  });
  return told.map(({ lesson }) => lesson);
}

/** A shared word is not much: several make a lesson fit. */
const PATH_POINTS = 6;
const FOLDER_POINTS = 2;
const ROLE_POINTS = 1;
const ENOUGH_WORDS = 3;

function pointsOf(lesson: string, { paths, roles }: LessonTopic, words: ReadonlySet<string>): number {
  const named = pathsIn(lesson);
  let points = 0;
  for (const path of named) {
    const isExpected = paths.some((glob) => glob === path || (glob.includes('*') && path.startsWith(glob.slice(0, glob.indexOf('*')))));
    if (isExpected) points += PATH_POINTS;
    else if (paths.some((one) => folderOf(one) !== '' && folderOf(one) === folderOf(path))) points += FOLDER_POINTS;
  }
  const shared = wordsOf(lesson).filter((word) => words.has(word)).length;
  if (shared >= ENOUGH_WORDS) points += shared - ENOUGH_WORDS + 1;
  // By itself a role makes no lesson fit: most runs have a coder.
  if (points > 0 && roles.some((role) => new RegExp(`\\b${role}\\b`).test(lesson))) points += ROLE_POINTS;
  return points > 0 ? points : named.length === 0 ? 1 : 0;
}

function pathsIn(text: string): string[] {
  return [...text.matchAll(/[\w@.-]+(?:\/[\w@.*-]+)+|\b[\w-]+\.[a-z]{1,5}\b/gi)].map(([path]) => path.replace(/\.$/, ''));
}

function folderOf(path: string): string {
  return path
    .split('/')
    .slice(0, -1)
    .filter((part) => !part.includes('*'))
    .join('/');
}

const EMPTY_WORDS = new Set(
  'with this that then when from have what were which into them they than also only because after before must should would there their'.split(
    ' ',
  ),
);

function wordsOf(text: string): string[] {
  const all = text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 3 && !EMPTY_WORDS.has(word));
  return [...new Set(all)];
}

function bare(lesson: string): string {
  return lesson
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
