/** Finds secrets in text, so that journals, traces, recordings and logs hold none. Pure. */

/** What stands in the place of a secret. */
export const REDACTED = '(secret)';

/** Part of a text: from `start` to before `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Known values that are shorter say nothing: they stand in any text. */
const MIN_KNOWN = 6;

/** What begins here begins a word; escaped as in JSON, the end of a line looks like a part of it. */
const BEGIN = String.raw`(?:(?<![A-Za-z0-9_])|(?<=\\[nrt]))`;

function begins({ source, flags }: RegExp): RegExp {
  return new RegExp(BEGIN + source, `g${flags}`);
}

/**
 * Shapes that are secrets wherever they stand. The group `secret`, where there is one, is what is taken out; what is around it stays readable.
 * Each is matched in time linear in the text: no part of it can begin in many places.
 */
const SHAPES: readonly RegExp[] = [
  // Keys that say whose they are: Anthropic, OpenAI and others, GitHub, GitLab, AWS, Google, Slack, Stripe, npm, PyPI, Hugging Face, SendGrid, DigitalOcean.
  begins(/sk-[A-Za-z0-9_-]{16,}/),
  begins(/(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,})/),
  begins(/(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b/),
  begins(/AIza[A-Za-z0-9_-]{35}/),
  begins(/xox[abeoprs]-[A-Za-z0-9-]{10,}/),
  begins(/(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}/),
  begins(
    /(?:npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{30,}|hf_[A-Za-z0-9]{30,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|do[opr]_v1_[a-f0-9]{40,})/,
  ),
  // A JSON web token.
  begins(/eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/),
  // A private key, its line ends as they are or escaped; cut off, what there is of it.
  /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----)[A-Za-z0-9+/=\s\\:,.-])*(?:-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----)?/g,
  // What logs a program in.
  begins(/(?:Bearer|Basic)\s{1,3}(?<secret>[A-Za-z0-9._~+/=-]{8,})/i),
  // A password in an address.
  begins(/[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/'"]{0,64}:(?<secret>[^\s@/'"]{1,256})@/i),
  // An environment's: NAME_KEY=value, as in a shell or a .env; not what is read from elsewhere ($NAME).
  begins(
    /[A-Z0-9_]{0,64}(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PWD|CREDENTIALS?)[ \t]?=[ \t]?(?:\\?["'])?(?<secret>(?![$%{<(])[^\s"'`\\;,&|<>()]{4,})/,
  ),
  // A program's or a settings file's: a name that tells, and a text in quotes.
  /(?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|secret[_-]?key|auth[_-]?key)\\?["']?\s{0,8}(?::|=>?)\s{0,8}\\?(?<quote>["'`])(?<secret>(?![$%{<])[^\s"'`\\]{6,})\\?\k<quote>/gi,
  // The same without quotes, where it looks like one: letters and digits, long, and no call, path or type.
  /(?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|access[_-]?key)\s{0,8}[:=]\s{0,8}(?<secret>(?=[A-Za-z_+/=-]{0,128}\d)(?=[\d_+/=-]{0,128}[A-Za-z])[A-Za-z0-9_+/=-]{12,128})(?![A-Za-z0-9_+/=.([-])/gi,
];

/** Where secrets stand in a text, in order, none touching another. `known` are values that are secrets whatever they look like, such as the keys in use. */
export function secretSpans(text: string, known: readonly string[] = []): Span[] {
  const spans: Span[] = known.flatMap(formsOf).flatMap((form) => places(text, form));
  for (const shape of SHAPES) {
    for (const match of text.matchAll(shape)) {
      const secret = match.groups?.['secret'];
      // The group is the last thing of a shape that is what it is, however often the same text stands before it.
      const start = match.index + (secret === undefined ? 0 : match[0].lastIndexOf(secret));
      spans.push({ start, end: start + (secret ?? match[0]).length });
    }
  }
  return joined(spans);
}

/** The text without its secrets. */
export function redacted(text: string, known: readonly string[] = []): string {
  let clean = '';
  let from = 0;
  for (const { start, end } of secretSpans(text, known)) {
    clean += text.slice(from, start) + REDACTED;
    from = end;
  }
  return clean + text.slice(from);
}

/** A value as it may stand in a text: as it is, in JSON, in an address, in base64. */
function formsOf(value: string): string[] {
  if (value.length < MIN_KNOWN) return [];
  const forms = [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    Buffer.from(value).toString('base64').replace(/=+$/, ''),
  ];
  return [...new Set(forms)];
}

function places(text: string, form: string): Span[] {
  const spans: Span[] = [];
  for (let start = text.indexOf(form); start >= 0; start = text.indexOf(form, start + form.length)) {
    spans.push({ start, end: start + form.length });
  }
  return spans;
}

function joined(spans: readonly Span[]): Span[] {
  const all: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const last = all.at(-1);
    if (last === undefined || span.start > last.end) all.push(span);
    else if (span.end > last.end) all[all.length - 1] = { start: last.start, end: span.end };
  }
  return all;
}
