import { type Duration, formatDuration } from '../../time/index.ts';
import type { Report } from '../report.ts';
import { html, type Markup } from './markup.ts';

const FORMAT = { dateStyle: 'long', timeStyle: 'medium', timeZone: 'UTC' } as const;

/** '21 November 2026 at 15:23:00 UTC'. */
export const moment = (utc: string): string => `${new Intl.DateTimeFormat('en-GB', FORMAT).format(new Date(utc))} UTC`;

/** '21 Nov 2026'. */
export const day = (utc: string): string =>
  new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(utc));

/** '15:23:00'. */
export const timeOfDay = (utc: string): string => new Date(utc).toISOString().slice(11, 19);

/** As formatDuration, without a second part that is zero: targets are round. */
export const span = (ms: Duration): string =>
  formatDuration(ms)
    .replace(/ 0+ \w+$/, '')
    .replace(/\.0 s$/, ' s');

export const spanOrNot = (ms: Duration | null): string => (ms === null ? 'not known' : span(ms));

/** A sign beside the word: colours are lost in print, and some readers see none. */
export const SIGNS = { good: '✓', bad: '✗', unknown: '?' } as const;
export type Mood = keyof typeof SIGNS;

export const moodOf = (met: boolean | null): Mood => (met === null ? 'unknown' : met ? 'good' : 'bad');
export const MET: Readonly<Record<Mood, string>> = { good: 'met', bad: 'missed', unknown: 'could not be told' };

export const badge = (mood: Mood, word: string): Markup =>
  html`<span class="badge ${mood}"><span aria-hidden="true">${SIGNS[mood]}</span> ${word}</span>`;

export const VERDICT_MOOD: Readonly<Record<Report['verdict'], Mood>> = {
  verified: 'good',
  'not verified': 'bad',
  inconclusive: 'unknown',
};

export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** Per cent of a whole, for a style attribute. */
export const percent = (part: number, whole: number): string =>
  `${(whole > 0 ? Math.min(100, Math.max(0, (100 * part) / whole)) : 0).toFixed(2)}%`;
