import type { World } from './world.ts';

/** Resources by name, in the order of their making; with a lag, a reader does not know the newest. */
export class Named<T> {
  readonly #rows = new Map<string, { value: T; madeAt: number }>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  add(name: string, value: T): T {
    this.#rows.set(name, { value, madeAt: this.#world.now() });
    return value;
  }

  /** Even what nobody sees yet: names are given out once. */
  get(name: string | undefined): T | undefined {
    return this.#rows.get(name ?? '')?.value;
  }

  /** As a reader sees it. */
  seen(name: string | undefined): T | undefined {
    const row = this.#rows.get(name ?? '');
    return row && this.#isSeen(row) ? row.value : undefined;
  }

  listed(): T[] {
    return [...this.#rows.values()].filter(row => this.#isSeen(row)).map(({ value }) => value);
  }

  all(): T[] {
    return [...this.#rows.values()].map(({ value }) => value);
  }

  remove(name: string): void {
    this.#rows.delete(name);
  }

  #isSeen({ madeAt }: { madeAt: number }): boolean {
    return madeAt + this.#world.faults.lagMs <= this.#world.now();
  }
}
