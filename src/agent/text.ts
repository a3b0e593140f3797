/** A file's bytes as text for a model, and back: what the model sees has no BOM and only `\n`; the file keeps what it had. Pure. */

const BOM = '\ufeff';

/** A text file, and how its bytes differ from what a model sees of it. */
export interface Text {
  /** Without BOM, `\r\n` shown as `\n`. */
  readonly shown: string;
  readonly bom: boolean;
  /** The line end that most lines have; `\n` where there is none. */
  readonly eol: '\n' | '\r\n';
  /** The file's own text, without its BOM. */
  readonly raw: string;
}

/** Undefined where the bytes are no text: a NUL, or anything that is not UTF-8. */
export function decodeText(bytes: Uint8Array): Text | undefined {
  if (bytes.includes(0)) return undefined;
  let all: string;
  try {
    all = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
  const bom = all.startsWith(BOM);
  const raw = bom ? all.slice(1) : all;
  const shown = plainEnds(raw);
  const crlf = raw.length - shown.length;
  const lf = count(shown, '\n') - crlf;
  return { shown, bom, raw, eol: crlf > lf ? '\r\n' : '\n' };
}

/** Bytes for a whole new text, in the manner (BOM, line ends) of the file that it replaces; as it is where it replaces none. */
export function encodeText(content: string, like: Text | undefined): Buffer {
  if (like === undefined) return Buffer.from(content);
  return bytesOf(withEnds(plainEnds(withoutBom(content)), like.eol), like.bom);
}

/** A place in {@link Text.shown}, from `start` to before `end`, and what is to stand there. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

/**
 * Bytes of the file with these places replaced; they are in order and do not overlap.
 * Every byte outside of what really differs stays as it is, odd line ends included; what is new takes the file's line ends.
 */
export function replaceIn(text: Text, replacements: readonly Replacement[]): Buffer {
  const offsetInRaw = rawOffsets(text);
  let result = '';
  let done = 0;
  for (const replacement of replacements) {
    const { start, end, by } = narrowed(text.shown, replacement);
    result += text.raw.slice(done, offsetInRaw(start)) + withEnds(by, text.eol);
    done = offsetInRaw(end);
  }
  return bytesOf(result + text.raw.slice(done), text.bom);
}

/** A model's text with `\n` only: models that saw `\r\n` elsewhere sometimes write it. */
export function plainEnds(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

/** The lines of a text; a line end at its end begins no line. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The line (from 1) in which an offset lies. */
export function lineAt(text: string, offset: number): number {
  return count(text.slice(0, offset), '\n') + 1;
}

/** The same replacement without what both sides begin and end with. */
function narrowed(shown: string, { start, end, by }: Replacement): Replacement {
  let head = 0;
  while (start + head < end && head < by.length && shown[start + head] === by[head]) head += 1;
  let tail = 0;
  while (end - tail > start + head && by.length - tail > head && shown[end - tail - 1] === by[by.length - tail - 1]) tail += 1;
  return { start: start + head, end: end - tail, by: by.slice(head, by.length - tail) };
}

/** From offsets in `shown` to offsets in `raw`, asked in rising order. An offset of a `\n` is that of its `\r`, where it has one. */
function rawOffsets({ raw }: Text): (shownOffset: number) => number {
  let removed = 0;
  let next = raw.indexOf('\r\n');
  return (shownOffset) => {
    while (next !== -1 && next - removed < shownOffset) {
      removed += 1;
      next = raw.indexOf('\r\n', next + 2);
    }
    return shownOffset + removed;
  };
}

function withoutBom(text: string): string {
  return text.startsWith(BOM) ? text.slice(1) : text;
}

function withEnds(text: string, eol: Text['eol']): string {
  return eol === '\n' ? text : text.replaceAll('\n', eol);
}

function bytesOf(raw: string, bom: boolean): Buffer {
  return Buffer.from(bom ? BOM + raw : raw);
}

function count(text: string, part: string): number {
  let found = 0;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) found += 1;
  return found;
}
