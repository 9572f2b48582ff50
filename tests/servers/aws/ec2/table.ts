import { randomBytes } from 'node:crypto';
import { AwsError } from '../errors.ts';
import type { World } from '../world.ts';

/** A kind of resource: its ids, and how EC2 says that there is none ("Error codes for the Amazon EC2 API"). */
export interface Kind {
  /** Of its ids, without the hyphen. */
  prefix: string;
  noun: string;
  notFound: string;
  malformed: string;
}

export const kind = (prefix: string, noun: string, code: string): Kind => ({
  ...{ prefix, noun, notFound: `${code}.NotFound`, malformed: `${code}.Malformed` },
});

export const newId = (prefix: string): string => `${prefix}-0${randomBytes(8).toString('hex')}`;

interface Row<T> {
  value: T;
  madeAt: number;
}

/** Resources of one kind by id, in the order of their making. */
export class Table<T> {
  readonly kind: Kind;
  readonly #rows = new Map<string, Row<T>>();
  readonly #world: World;

  constructor(is: Kind, world: World) {
    this.kind = is;
    this.#world = world;
  }

  add(id: string, value: T, seed = false): T {
    this.#rows.set(id, { value, madeAt: seed ? 0 : this.#world.now() });
    return value;
  }

  /** Errors: as EC2 has them for an id of the wrong form, and for one that is not there, or not yet there to be seen. */
  need(id: string | undefined): T {
    const { prefix, noun, notFound, malformed } = this.kind;
    const row = this.#rows.get(id ?? '');
    // A reader that lags may not know an id that was just given out ("Eventual consistency in the Amazon EC2 API").
    if (row && this.#seen(row)) return row.value;
    if (!new RegExp(`^${prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`).test(id ?? ''))
      throw new AwsError(malformed, `Invalid id: "${id}" (expecting "${prefix}-...")`);
    throw new AwsError(notFound, `The ${noun} '${id}' does not exist`);
  }

  /** Of what is known to be there, seen or not. */
  own(id: string): T {
    const row = this.#rows.get(id);
    if (!row) throw new Error(`the stand-in has lost ${id}`);
    return row.value;
  }

  /** Even what no list shows yet. */
  get(id: string | undefined): T | undefined {
    return this.#rows.get(id ?? '')?.value;
  }

  all(): T[] {
    return [...this.#rows.values()].map(({ value }) => value);
  }

  /** What a list shows: with a lag, not the newest. */
  listed(): T[] {
    return [...this.#rows.values()].filter(row => this.#seen(row)).map(({ value }) => value);
  }

  remove(id: string): void {
    this.#rows.delete(id);
  }

  #seen({ madeAt }: Row<T>): boolean {
    return madeAt + this.#world.faults.lagMs <= this.#world.now();
  }
}
