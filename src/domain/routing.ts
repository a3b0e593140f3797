/** Which role does a task that names none: found by the words of the task, without a model. Pure, and always the same for the same words. */
import { DEFAULT_ROLE, forPlans, type Role, type RoleHead } from './role';

/** What of a task tells whose it is. */
export interface Routable {
  readonly title: string;
  readonly instructions: string;
  readonly writes?: readonly string[] | undefined;
}

export interface Route {
  readonly role: Role;
  /** Why, for a person: “tests” in its title. */
  readonly reason: string;
}

/** What a word of a role is worth: one that its file gives as a keyword, or that is in its name, or in its description. */
const KEYWORD = 3;
const NAME = 3;
const DESCRIBED = 1;
/** Of how much weight the first words of a title are, its others, what is expected to be written, and the instructions. The first says most: it is what is done. */
const FIRST_WORD = 5;
const EARLY_WORD = 4;
const EARLY_WORDS = 3;
const TITLE_WORD = 2;
const PATH_WORD = 2;
const INSTRUCTION_WORD = 1;
/** Long instructions mention everything: they decide between roles, and make none by themselves. */
const MOST_OF_INSTRUCTIONS = 6;
/** A role must have more than this to be preferred to the one that does everything. */
const ENOUGH = 7;

const EMPTY_WORDS = new Set(
  (
    'a an and any are as at be been before but by can do does for from has have how if in into is it its more new no not of off on one or other out own ' +
    'that the their them then there these this those to up use used uses using was what when where which who will with without work works you your task agent ' +
    'add make change update create build write set get file code'
  ).split(' '),
);

/** The role whose words are most in a task; the one that does everything where none has enough of them. Of two that have as many, the one whose word comes first. */
export function routeTask(task: Routable, roles: readonly RoleHead[]): Route {
  const places = wordsOf(task);
  let best: (Scored & { readonly role: Role }) | undefined;
  for (const role of forPlans(roles)) {
    if (role.name === DEFAULT_ROLE) continue;
    const scored = score(places, vocabularyOf(role));
    if (scored.points <= ENOUGH) continue;
    if (best === undefined || scored.points > best.points || (scored.points === best.points && scored.at < best.at))
      best = { ...scored, role: role.name };
  }
  if (best !== undefined) return { role: best.role, reason: `“${best.word}” ${best.where}` };
  const fallback = roles.find(({ name }) => name === DEFAULT_ROLE) ?? roles[0];
  return { role: fallback?.name ?? DEFAULT_ROLE, reason: 'no word of it speaks for another role' };
}

/** A word of a task: its stem, as it stands there, where, and what that is worth. */
interface Placed {
  readonly stem: string;
  readonly word: string;
  readonly where: string;
  readonly weight: number;
  readonly isTold: boolean;
}

interface Scored {
  readonly points: number;
  /** The word that counted most, and how early it stands. */
  readonly word: string;
  readonly where: string;
  readonly at: number;
}

function wordsOf({ title, instructions, writes = [] }: Routable): Placed[] {
  const placed: Placed[] = [];
  const seen = new Set<string>();
  const put = (text: string, where: string, weight: (index: number) => number, isTold = false) => {
    for (const [index, word] of split(text).entries()) {
      const stem = stemOf(word);
      if (seen.has(stem)) continue;
      seen.add(stem);
      placed.push({ stem, word, where, weight: weight(index), isTold });
    }
  };
  put(title, 'in its title', (index) => (index === 0 ? FIRST_WORD : index < EARLY_WORDS ? EARLY_WORD : TITLE_WORD));
  put(writes.join(' '), 'in what it is expected to write', () => PATH_WORD);
  put(instructions, 'in its instructions', () => INSTRUCTION_WORD, true);
  return placed;
}

function vocabularyOf({ name, description, keywords }: RoleHead): Map<string, number> {
  const vocabulary = new Map<string, number>();
  const put = (text: string, worth: number) => {
    for (const word of split(text)) {
      const stem = stemOf(word);
      if (!EMPTY_WORDS.has(word)) vocabulary.set(stem, Math.max(worth, vocabulary.get(stem) ?? 0));
    }
  };
  put(description, DESCRIBED);
  put(name, NAME);
  put(keywords.join(' '), KEYWORD);
  return vocabulary;
}

function score(places: readonly Placed[], vocabulary: ReadonlyMap<string, number>): Scored {
  let [points, told, most] = [0, 0, 0];
  let first = { word: '', where: '', at: Number.POSITIVE_INFINITY };
  for (const [at, { stem, word, where, weight, isTold }] of places.entries()) {
    const worth = (vocabulary.get(stem) ?? 0) * weight;
    if (worth === 0) continue;
    if (isTold) told += worth;
    else points += worth;
    if (worth > most) [most, first] = [worth, { word, where, at }];
  }
  return { points: points + Math.min(told, MOST_OF_INSTRUCTIONS), ...first };
}

/** Words in small letters; names of variables and paths fall into their parts. */
function split(text: string): string[] {
  return text
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

/** `tests`, `testing`, `tested`, `tester` → `test`. Near enough for a vocabulary of a few words. */
function stemOf(word: string): string {
  for (const ending of ['ations', 'ation', 'ings', 'ing', 'ers', 'ies', 'er', 'ed', 'es', 's', 'e', 'y'])
    if (word.endsWith(ending) && word.length - ending.length >= 3) return word.slice(0, -ending.length);
  return word;
}
