import { Transform } from 'node:stream';
import { type Form, formsOf } from './forms.ts';
import { Scanner } from './scanner.ts';
import { Secret } from './secret.ts';

/**
 * Takes secrets out of texts on their way to a person or a file: by value, in every form that tools give them
 * (base64, URL, JSON). One for a run; every secret that is revealed to a program is added before.
 */
export class Masker {
  readonly #forms: Form[] = [];

  /** Empty values are ignored. Of a value below 6 characters only what stands alone is masked. */
  add(secret: Secret | string): void {
    const value = secret instanceof Secret ? secret.reveal() : secret;
    const known = new Set(this.#forms.map(form => form.text));
    const fresh = formsOf(value).map(form => ({ ...form, text: toBytes(form.text) }));
    this.#forms.push(...fresh.filter(form => !known.has(form.text)));
  }

  mask(text: string): string {
    if (this.#forms.length === 0) return text;
    return Buffer.from(new Scanner(this.#forms).end(toBytes(text)), 'latin1').toString();
  }

  /** Bytes in, bytes out, unchanged but for secrets; secrets that are added later count from then on. */
  stream(): Transform {
    const scanner = new Scanner(this.#forms);
    return new Transform({
      transform: (chunk: Buffer | string, encoding, done) => {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
        done(null, Buffer.from(scanner.push(bytes.toString('latin1')), 'latin1'));
      },
      flush: done => done(null, Buffer.from(scanner.end(), 'latin1')),
    });
  }
}

/** One character a byte of UTF-8. */
const toBytes = (text: string): string => Buffer.from(text).toString('latin1');
