/** Perl's regular expressions as POSIX extended ones, as far as both can say the same. */

const CLASSES: Readonly<Record<string, string>> = { d: '0-9', w: '[:alnum:]_', s: '[:space:]' };
const CONTROLS: Readonly<Record<string, string>> = { t: '\t', r: '\r', f: '\f', v: '\v' };

/** The extended expression that means the same; undefined where there is none (look-around, lazy repetition, references). */
export function extendedFrom(pattern: string): string | undefined {
  let said = '';
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] ?? '';
    if (char === '\\') {
      const escaped = escapedAs(pattern[++at] ?? '');
      if (escaped === undefined) return undefined;
      said += escaped;
    } else if (char === '[') {
      const list = listAt(pattern, at);
      if (list === undefined) return undefined;
      said += list.text;
      at = list.end;
    } else if (char === '(' && pattern[at + 1] === '?') {
      // Only a group that is not remembered is a group.
      if (pattern[at + 2] !== ':') return undefined;
      said += '(';
      at += 2;
    } else if (/[*+?}]/.test(char) && /[?+]/.test(pattern[at + 1] ?? '')) {
      return undefined;
    } else {
      said += char;
    }
  }
  return said;
}

function escapedAs(char: string): string | undefined {
  const members = CLASSES[char.toLowerCase()];
  if (members !== undefined) return char === char.toLowerCase() ? `[${members}]` : `[^${members}]`;
  if (CONTROLS[char] !== undefined) return CONTROLS[char];
  // Boundaries of words are GNU's, too.
  if (char === 'b' || char === 'B') return `\\${char}`;
  return char === '' || /[A-Za-z0-9]/.test(char) ? undefined : `\\${char}`;
}

/** A list of characters, in which an extended expression takes a backslash for itself. */
function listAt(pattern: string, from: number): { text: string; end: number } | undefined {
  const negated = pattern[from + 1] === '^';
  let members = '';
  let [closing, caret, minus] = ['', '', ''];
  const start = from + (negated ? 2 : 1);
  for (let at = start; at < pattern.length; at++) {
    const char = pattern[at] ?? '';
    if (char === ']' && at > start) {
      if (members === '' && closing === '' && caret !== '' && !negated) return minus === '' ? { text: '\\^', end: at } : undefined;
      return { text: `[${negated ? '^' : ''}${closing}${members}${caret}${minus}]`, end: at };
    }
    const named = char === '[' ? /^\[:[a-z]+:\]/.exec(pattern.slice(at))?.[0] : undefined;
    if (named !== undefined) {
      members += named;
      at += named.length - 1;
    } else if (char === '\\') {
      const escaped = pattern[++at] ?? '';
      if (CLASSES[escaped] !== undefined) members += CLASSES[escaped];
      else if (CONTROLS[escaped] !== undefined) members += CONTROLS[escaped];
      else if (escaped === ']') closing = ']';
      else if (escaped === '^') caret = '^';
      else if (escaped === '-') minus = '-';
      else if (escaped === '' || /[A-Za-z0-9]/.test(escaped)) return undefined;
      else members += escaped;
    } else if (char === ']') closing = ']';
    else if (char === '^') caret = '^';
    else members += char;
  }
  return undefined;
}
