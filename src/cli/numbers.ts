/** The numbers that options and arguments take: one reader for all of them, and one way to refuse what is none. */
import { fail, ok, type Result } from '../domain/failure';
import { decimalIn } from '../domain/figures';

export interface Range {
  readonly least: number;
  /** Undefined: as many as one likes. */
  readonly most?: number;
  /** Fractions are numbers, too. Absent: only whole ones. */
  readonly fractions?: true;
  /** A call that is right; and what else there is to know. */
  readonly example: string;
  readonly note: string;
}

/** `option`: as it was called, for the failure. */
export function numberOf(option: string, said: string, { least, most, fractions, example, note }: Range): Result<number> {
  const read = decimalIn(said);
  const isOne = read !== undefined && (fractions === true ? Number.isFinite(read) : Number.isSafeInteger(read));
  if (isOne && read >= least && read <= (most ?? Number.POSITIVE_INFINITY)) return ok(read);
  const what = fractions === true ? 'number' : 'whole number';
  const span = most === undefined ? `from ${least} on` : `from ${least} to ${most.toLocaleString('en')}`;
  return fail('input', `${option} “${said}” is no ${what} ${span}.`, `Write it in digits alone, as in ${example}; ${note}.`);
}
