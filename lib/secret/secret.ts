import { timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

const MASK = '***';

/** A value that never prints: every way to text gives ***; only reveal() gives the bytes. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** For the place that hands it to a program or a socket, and nowhere else. */
  reveal(): string {
    return this.#value;
  }

  /** Compares in constant time. */
  equals(other: Secret | string): boolean {
    const a = Buffer.from(this.#value);
    const b = Buffer.from(typeof other === 'string' ? other : other.#value);
    return a.length === b.length && timingSafeEqual(a, b);
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }

  [Symbol.toPrimitive](): string {
    return MASK;
  }
}
