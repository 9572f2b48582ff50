import { OpsError } from '../../errors/index.ts';
import { Secret } from '../secret.ts';

export interface Place {
  /** As it was written, for errors. */
  reference: string;
  /** An id, or the exact name. */
  item: string;
  field: string;
}

type Item = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Item => value !== null && typeof value === 'object';

/** The one item of this id or exactly this name. Errors: SECRET_MISSING; SECRET_REFERENCE_INVALID when several are. */
export function findItem(items: readonly unknown[], { reference, item }: Place): Item {
  const [found, ...others] = items
    .filter(isObject)
    .filter(({ id, name }) => name === item || (typeof id === 'string' && id.toLowerCase() === item.toLowerCase()));
  if (found === undefined)
    throw new OpsError('SECRET_MISSING', `cannot read ${reference}: the vault has no item of exactly this name`);
  if (others.length === 0) return found;
  throw new OpsError('SECRET_REFERENCE_INVALID', `cannot read ${reference}: several items have this name`, {
    hint: 'name the item by its id',
    details: [found, ...others].map(({ id }) => `id ${String(id)}`),
  });
}

/** Errors: SECRET_MISSING, which lists the fields that there are. */
export function fieldOf(item: Item, { reference, field }: Place): Secret {
  const known = fields(item);
  const [value, ...others] = known.filter(([name]) => name === field).map(([, value]) => value);
  if (value !== undefined && others.length === 0) return new Secret(value);
  const problem = value === undefined ? 'has no such field, or it is empty' : 'has several fields of this name';
  throw new OpsError('SECRET_MISSING', `cannot read ${reference}: the item ${problem}`, {
    details: [`fields that are there: ${known.map(([name]) => name).join(', ') || 'none'}`],
  });
}

function fields(item: Item): [name: string, value: string][] {
  const login = isObject(item.login) ? item.login : {};
  const custom = Array.isArray(item.fields) ? item.fields.filter(isObject) : [];
  const all = [
    ['username', login.username],
    ['password', login.password],
    ['notes', item.notes],
    ...custom.map(({ name, value }) => [name, value]),
  ];
  return all.filter(
    (pair): pair is [string, string] => typeof pair[0] === 'string' && typeof pair[1] === 'string' && pair[1] !== '',
  );
}
