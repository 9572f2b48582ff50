import { LEVELS, type Level } from '../../backup/check.ts';
import { LEVEL_WORDS } from '../not-proven.ts';
import type { Report } from '../report.ts';
import { html, type Markup } from './markup.ts';
import { badge, type Mood, SIGNS } from './words.ts';

type Check = Report['checks'][number];

const STATES: Readonly<Record<Check['state'], { mood: Mood; word: string }>> = {
  passed: { mood: 'good', word: 'passed' },
  failed: { mood: 'bad', word: 'failed' },
  unrun: { mood: 'unknown', word: 'not run' },
};
const ORDER: readonly Check['state'][] = ['failed', 'unrun', 'passed'];

/** The ladder in one line, then level by level, what is wrong first. */
export function checks(report: Report): Markup {
  const levels = LEVELS.map(level => ({ level, all: report.checks.filter(check => check.level === level) }));
  return html`
<section>
<h2>Checks</h2>
<p>They climb from “is the backup there” to “can it be run on from here”. One failed required check, at whatever level, and nothing is verified.</p>
<ol class="ladder">${levels.map(({ level, all }) => rung(level, all))}</ol>
<table class="checks">
<thead><tr><th scope="col">Check</th><th scope="col">Expected</th><th scope="col">Got</th><th scope="col">Result</th></tr></thead>
${levels.map(({ level, all }) => ofLevel(level, all))}
</table>
</section>`;
}

/** A level is as good as its worst check; with none of its checks carried out it is nothing. */
function rung(level: Level, all: readonly Check[]): Markup {
  const state = ORDER.find(each => all.some(check => check.state === each));
  const { mood, word } = state ? STATES[state] : { mood: undefined, word: 'none' };
  return html`<li class="${mood}"><b>${level}</b> ${LEVEL_WORDS[level].name}<span>${mood ? SIGNS[mood] : '–'} ${word}</span></li>`;
}

function ofLevel(level: Level, all: readonly Check[]): Markup {
  const { name, asks } = LEVEL_WORDS[level];
  const sorted = ORDER.flatMap(state => all.filter(check => check.state === state));
  return html`<tbody>
<tr class="level"><th colspan="4" scope="rowgroup">${level} ${name} <span class="asks">${asks}</span></th></tr>${
    all.length === 0
      ? html`<tr><td colspan="4" class="faint">No check of this level was carried out.</td></tr>`
      : sorted.map(row)
  }</tbody>`;
}

const row = ({ id, title, source, required, expected, got, state, code, details = [] }: Check): Markup => html`
<tr><th scope="row"><bdi>${title}</bdi><span class="how"><bdi>${id}</bdi> · ${source}${required ? undefined : ' · not required'}</span></th><td>${expected}</td><td>${got}</td><td>${badge(STATES[state].mood, STATES[state].word)}${code && state !== 'passed' ? html`<span class="how">${code}</span>` : undefined}</td></tr>${listed(details)}`;

const SHOWN = 20;

const listed = (details: readonly string[]): Markup | undefined =>
  details.length === 0
    ? undefined
    : html`<tr class="details"><td colspan="4"><ul>${details.slice(0, SHOWN).map(line => html`<li>${line}</li>`)}${details.length > SHOWN ? html`<li>and ${details.length - SHOWN} more, in report.json</li>` : undefined}</ul></td></tr>`;
