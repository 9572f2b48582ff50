import type { Form } from './forms.ts';

const MASK = '***';

type Span = [start: number, end: number];

/**
 * Replaces forms in a text that comes in pieces. What it gives for the pieces is what it would give for the whole:
 * it holds back only an end that may still become a secret. Works on characters of one byte (latin1), so that a piece
 * may end inside a character of UTF-8.
 */
export class Scanner {
  readonly #forms: readonly Form[];
  #held = '';
  /** How much of `held` belongs to a secret whose mask is out already. */
  #covered = 0;
  /** The character before `held`. */
  #before = '';

  /** The list may grow while the text flows. */
  constructor(forms: readonly Form[]) {
    this.#forms = forms;
  }

  push(piece: string): string {
    const text = this.#held + piece;
    return this.#emit(text, this.#openFrom(text), false);
  }

  /** The last piece: nothing is held back any more. */
  end(piece = ''): string {
    const text = this.#held + piece;
    return this.#emit(text, text.length, true);
  }

  #emit(text: string, cut: number, last: boolean): string {
    this.#held = text.slice(cut);
    if (cut === 0) return '';
    const masked: string[] = [];
    let position = 0;
    for (const [start, end] of this.#spans(text, last)) {
      if (start >= cut) break;
      masked.push(text.slice(position, start), start === 0 && this.#covered > 0 ? '' : MASK);
      position = end;
    }
    if (position < cut) masked.push(text.slice(position, cut));
    this.#covered = Math.max(0, position - cut);
    this.#before = text[cut - 1] ?? '';
    return masked.join('');
  }

  /** Where secrets are; two that overlap are one, so that no rest of the second stays. */
  #spans(text: string, last: boolean): Span[] {
    const found = this.#forms.flatMap(form => this.#occurrences(form, text, last));
    if (this.#covered > 0) found.push([0, this.#covered]);
    const merged: Span[] = [];
    for (const [start, end] of found.sort((a, b) => a[0] - b[0])) {
      const previous = merged.at(-1);
      if (previous && start < previous[1]) previous[1] = Math.max(previous[1], end);
      else merged.push([start, end]);
    }
    return merged;
  }

  #occurrences(form: Form, text: string, last: boolean): Span[] {
    const spans: Span[] = [];
    for (let start = text.indexOf(form.text); start !== -1; start = text.indexOf(form.text, start + 1)) {
      const end = start + form.text.length;
      if (!form.alone || this.#standsAlone(text, start, end, last)) spans.push([start, end]);
    }
    return spans;
  }

  #standsAlone(text: string, start: number, end: number, last: boolean): boolean {
    const before = start === 0 ? this.#before : text[start - 1];
    const after = text[end];
    return !isWord(before) && (after === undefined ? last : !isWord(after));
  }

  /** The first place from which the end of the text may still become a secret. */
  #openFrom(text: string): number {
    const longest = this.#forms.reduce((length, form) => Math.max(length, form.text.length), 0);
    for (let start = Math.max(0, text.length - longest); start < text.length; start++) {
      const tail = text.slice(start);
      const open = (form: Form) => form.text.startsWith(tail) && (form.alone || form.text.length > tail.length);
      if (this.#forms.some(open)) return start;
    }
    return text.length;
  }
}

const isWord = (char: string | undefined): boolean => char !== undefined && /^[A-Za-z0-9]$/.test(char);
