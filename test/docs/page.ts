/** A page of the documentation, as far as tests look at it: its headings, links and code. Reads the Markdown that these pages are written in, not all there is. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export interface Page {
  /** Relative to the project's folder, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** The anchors of its headings, as GitHub makes them. */
  readonly anchors: ReadonlySet<string>;
  /** Where its links and pictures lead. */
  readonly links: readonly string[];
  /** What stands between backticks, and each line of a block of code. */
  readonly code: readonly string[];
}

export function readPage(root: string, path: string): Page {
  const text = readFileSync(join(root, path), 'utf8');
  const { prose, blocks } = partsOf(text);
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].flatMap(([, span]) => span ?? []);
  // What looks like a link in code is none.
  const links = [...prose.replaceAll(/`[^`\n]+`/g, '').matchAll(/\]\(([^()\s]+)\)/g)].flatMap(([, link]) => link ?? []);
  const headings = [...prose.matchAll(/^#{1,6} (.+)$/gm)].flatMap(([, heading]) => heading ?? []);
  return { path, text, anchors: anchorsOf(headings), links, code: [...spans, ...blocks] };
}

/** Blocks of code are indented here: by four blanks, after an empty line. */
function partsOf(text: string): { readonly prose: string; readonly blocks: readonly string[] } {
  const prose: string[] = [];
  const blocks: string[] = [];
  let before = '';
  let inBlock = false;
  for (const line of text.split('\n')) {
    inBlock = line.startsWith('    ') && (inBlock || before === '');
    if (inBlock) blocks.push(line.trim());
    else prose.push(line);
    before = line.trim();
  }
  return { prose: prose.join('\n'), blocks };
}

function anchorsOf(headings: readonly string[]): Set<string> {
  const anchors = new Set<string>();
  for (const heading of headings) {
    const bare = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    let anchor = bare;
    for (let again = 1; anchors.has(anchor); again++) anchor = `${bare}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** The text under a heading, with what stands under smaller ones; empty where there is no such heading. */
export function sectionOf({ text }: Page, heading: string): string {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.replace(/^#+ /, '') === heading && line.startsWith('#'));
  if (from < 0) return '';
  const level = lines[from]?.indexOf(' ') ?? 0;
  const rest = lines.slice(from + 1);
  const end = rest.findIndex((line) => /^#+ /.test(line) && line.indexOf(' ') <= level);
  return rest.slice(0, end < 0 ? undefined : end).join('\n');
}

/** Why a link leads nowhere; undefined where it leads somewhere, or out of the project. */
export function brokenLink(root: string, from: Page, link: string, pageAt: (path: string) => Page): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [file = '', anchor] = link.split('#');
  const path = file === '' ? from.path : normalize(join(dirname(from.path), file)).replaceAll('\\', '/');
  if (path.startsWith('..') || !existsSync(join(root, path))) return `${from.path}: there is no ${path}`;
  if (anchor === undefined || pageAt(path).anchors.has(anchor)) return undefined;
  return `${from.path}: ${path} has no heading for #${anchor}`;
}

/** The cells of the rows of tables whose first one is in backticks, under that name. */
export function rowsOf({ text }: Page, name: RegExp): readonly (readonly [name: string, cells: readonly string[]])[] {
  return text.split('\n').flatMap((line) => {
    const [first = '', ...cells] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    const [, found] = /^`([^`]+)`$/.exec(first) ?? [];
    return found !== undefined && name.test(found) ? [[found, cells] as const] : [];
  });
}
