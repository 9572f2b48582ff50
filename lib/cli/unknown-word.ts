import { OpsError } from '../errors/index.ts';
import { nearest } from '../inventory/nearest.ts';

/** USAGE for a word that is not known, with the one that was probably meant. */
export function unknownWord(what: string, got: string, known: readonly string[]): OpsError {
  const near = nearest(got, known);
  return new OpsError('USAGE', `cannot use '${got}': there is no such ${what}`, {
    hint: near ? `did you mean ${near}?` : './muster --help',
  });
}
