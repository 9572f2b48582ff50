import type { Report } from '../report.ts';
import { html, type Markup } from './markup.ts';
import { badge, count, day, MET, moodOf, SIGNS, span, spanOrNot, VERDICT_MOOD } from './words.ts';

/** The verdict, large, with what it means; then the figures. */
export const head = (report: Report): Markup => html`
<header>
<p class="kind">Report of a ${report.mode === 'rebuild' ? 'recovery' : 'recovery drill'}</p>
<h1>${report.title} <bdi class="site">${report.site}</bdi></h1>
<div class="verdict ${VERDICT_MOOD[report.verdict]}">
<p class="word"><span class="sign" aria-hidden="true">${SIGNS[VERDICT_MOOD[report.verdict]]}</span><span class="said">${report.verdict}</span></p>
<p>${meaning(report)}</p>
${report.error ? html`<p class="why"><b>${report.error.code}</b> ${report.error.message}</p>` : undefined}
</div>
<dl class="figures">${figures(report)}</dl>
</header>`;

/** One sentence that a reader can repeat to somebody else. */
export function meaning({ verdict, rto, rpo, checks, error }: Report): string {
  const failed = checks.filter(({ required, state }) => required && state === 'failed').length;
  if (verdict === 'not verified' && failed > 0)
    return `What came back is not what was backed up: ${count(failed, 'required check')} failed, so this backup must not be relied on.`;
  if (verdict === 'not verified') return 'The backup did not come back, so it must not be relied on.';
  if (verdict === 'inconclusive')
    return `Nothing is proven, neither that the backup is good nor that it is bad: ${error ? 'the drill ended early' : 'something needed could not be looked at'}.`;
  const late = rto.met === false;
  const lossy = rpo.sources.some(({ met }) => met === false);
  const back = 'What was lost came back from the backup, and it is what was backed up';
  if (late || lossy)
    return `${back}, but ${[late && 'it took longer', lossy && 'more of the newest data was lost'].filter(Boolean).join(' and ')} than agreed.`;
  const unknown = rto.met === null || rpo.sources.some(({ met }) => met === null);
  return unknown
    ? `${back}; whether in the agreed time and loss could not be told.`
    : `${back}, within the agreed time and loss.`;
}

function figures({ verdict, rto, rpo, checks, notProven, expires }: Report): Markup[] {
  const of = (state: string) => checks.filter(check => check.state === state).length;
  const worst = rpo.sources.find(({ source }) => source === rpo.worst?.source);
  const rpoMet = rpo.sources.every(({ met }) => met)
    ? true
    : rpo.sources.some(({ met }) => met === false)
      ? false
      : null;
  return [
    figure(
      'Recovery time (RTO)',
      verdict === 'verified' ? spanOrNot(rto.ms) : 'not claimed',
      html`${verdict === 'verified' && badge(moodOf(rto.met), MET[moodOf(rto.met)])} agreed: ${span(rto.target)}`,
    ),
    figure(
      'Data lost at most (RPO)',
      spanOrNot(rpo.worst?.ms ?? null),
      rpo.sources.length === 0
        ? html`not measured`
        : html`${badge(moodOf(rpoMet), MET[moodOf(rpoMet)])} ${worst ? `${worst.source}, agreed: ${span(worst.target)}` : undefined}`,
    ),
    figure(
      'Checks',
      `${of('passed')} of ${checks.length} passed`,
      html`${of('failed')} failed, ${of('unrun')} not carried out`,
    ),
    figure(
      'Proof valid until',
      expires ? day(expires) : 'no proof',
      html`<a href="#not-proven">${count(notProven.length, 'thing')} not proven</a>`,
    ),
  ];
}

const figure = (name: string, value: string, note: Markup) =>
  html`<div><dt>${name}</dt><dd class="value">${value}</dd><dd class="note">${note}</dd></div>`;
