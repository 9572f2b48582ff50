import type { Filter, Tag } from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Call } from '../service.ts';
import { type Ec2State, ec2Of } from './state.ts';
import type { Table } from './table.ts';
import { tagsOf } from './tags.ts';

type Value = string | number | boolean | undefined | readonly (string | undefined)[];
/** By the API's names: what a filter compares. */
export type FilterValues<T> = Record<string, (row: T, state: Ec2State) => Value>;

export interface ListInput {
  Filters?: Filter[] | undefined;
  MaxResults?: number | undefined;
  NextToken?: string | undefined;
}

export interface Listing<T> {
  table: Table<T>;
  id(row: T): string | undefined;
  filters: FilterValues<T>;
  /** Asked for by id. */
  ids?: string[] | undefined;
  /** The API answers with all of them at once. */
  whole?: boolean;
}

/** What a Describe call shows: by ids or all, through its filters, a page of it. */
export function list<T>(listing: Listing<T>, input: ListInput, call: Call): { page: T[]; NextToken?: string } {
  const { table, ids } = listing;
  const { MaxResults, NextToken } = input;
  // Describe calls: "You cannot specify this parameter and the ID parameter in the same request."
  if (ids?.length && MaxResults !== undefined)
    throw new AwsError('InvalidParameterCombination', 'The parameter MaxResults cannot be used with the parameter ids');
  // Also those of a list that is empty, or whose first filter lets nothing pass, are looked at.
  const wanted = (input.Filters ?? []).map(({ Name = '', Values = [] }) => checked(listing, Name, [...Values]));
  const rows = ids?.length ? [...new Set(ids)].map(id => table.need(id)) : table.listed();
  const found = rows.filter(row => passes(row, listing, wanted, ec2Of(call)));
  return listing.whole ? { page: found } : page(found, MaxResults, NextToken, call);
}

export function page<T>(rows: T[], most: number | undefined, token: string | undefined, call: Call) {
  // MaxResults of the Describe calls: between 5 and 1000.
  if (most !== undefined && (most < 5 || most > 1000))
    throw new AwsError(
      'InvalidParameterValue',
      `Value ( ${most} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.`,
    );
  const from = token === undefined ? 0 : readToken(token, call);
  const to = from + Math.min(most ?? 1000, call.world.pageSize);
  return { page: rows.slice(from, to), ...(to < rows.length && { NextToken: `${call.operation}:${to}` }) };
}

function readToken(token: string, { operation }: Call): number {
  const [of, from] = token.split(':');
  if (of !== operation || !/^\d+$/.test(from ?? ''))
    throw new AwsError('InvalidPaginationToken', 'The specified pagination token is not valid');
  return Number(from);
}

interface Wanted {
  name: string;
  values: string[];
}

function checked<T>({ filters }: Listing<T>, name: string, values: string[]): Wanted {
  if (!name.startsWith('tag') && !filters[name])
    throw new AwsError('InvalidParameterValue', `The filter '${name}' is invalid`);
  // Assumed: a filter without values is nobody's wish.
  if (values.length === 0) throw new AwsError('InvalidParameterValue', `The filter '${name}' has no values`);
  return { name, values };
}

function passes<T>(row: T, { id, filters }: Listing<T>, wanted: readonly Wanted[], state: Ec2State): boolean {
  return wanted.every(({ name, values: patterns }) => {
    const tags = tagsOf(id(row) ?? '', state);
    const value = tagFilter(name, tags) ?? filters[name]?.(row, state);
    const values = Array.isArray(value) ? value : [value];
    return values.some(each => each !== undefined && patterns.some(pattern => like(pattern, String(each))));
  });
}

function tagFilter(name: string, tags: Tag[]): Value {
  if (name === 'tag-key') return tags.map(({ Key }) => Key);
  if (!name.startsWith('tag:')) return undefined;
  return tags.filter(({ Key }) => `tag:${Key}` === name).map(({ Value }) => Value ?? '');
}

/** "You can use * and ? as wildcards in filter values" ("List and filter using the CLI and API"). */
function like(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}
