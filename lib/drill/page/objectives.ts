import type { Report, RpoOfSource } from '../report.ts';
import { html, type Markup } from './markup.ts';
import { badge, MET, moment, moodOf, percent, span, spanOrNot } from './words.ts';

/** What was agreed, and what was measured. */
export function objectives({ rto, rtoToFirstAnswer, rpo, clocks, verdict }: Report): Markup {
  const claimed = verdict === 'verified';
  const rows = [
    row({
      name: 'Recovery time (RTO)',
      ...rto,
      bound: clocks.exactTo,
      how: claimed
        ? html`From the loss (t0) to the end of the checks (t8).`
        : html`It counts only where the data was proven to be back.`,
      ...(!claimed && { instead: 'not claimed' }),
    }),
    ...rpo.sources.map(source => row({ ...source, name: `Data loss (RPO) of ${source.source}`, how: canary(source) })),
  ];
  return html`
<section>
<h2>Objectives</h2>
<table class="objectives">
<thead><tr><th scope="col">Objective</th><th scope="col" class="number">Measured</th><th scope="col" class="number">Agreed</th><th scope="col" class="wide">Used up</th><th scope="col">Result</th></tr></thead>
<tbody>${rows}</tbody></table>
${rtoToFirstAnswer === null ? undefined : html`<p>The application gave its first answer ${span(rtoToFirstAnswer)} after the loss (t7 − t0).</p>`}
${rpo.sources.length === 0 ? html`<p>Data loss (RPO) was not measured.</p>` : undefined}
</section>`;
}

interface Row {
  name: string;
  ms: number | null;
  bound: number;
  target: number;
  met: boolean | null;
  how: Markup;
  /** Of a result. */
  instead?: string;
}

const row = ({ name, ms, bound, target, met, how, instead }: Row): Markup => html`
<tr><th scope="row">${name}<span class="how">${how}</span></th><td class="number">${instead ? '–' : spanOrNot(ms)}${ms !== null && bound > 0 ? html`<span class="how">± ${span(bound)}</span>` : undefined}</td><td class="number">${span(target)}</td><td class="wide">${ms === null ? undefined : html`<span class="track"><span class="bar ${moodOf(met)}" style="width:${percent(ms, target)}"></span></span>`}</td><td>${instead ?? badge(moodOf(met), MET[moodOf(met)])}</td></tr>`;

const canary = ({ newestCanary, ms }: RpoOfSource): Markup =>
  newestCanary
    ? html`The newest canary that came back is number ${newestCanary.number}, written ${moment(newestCanary.written)}.`
    : html`${ms === null ? 'No canary came back that was written before the loss.' : 'By the moment of the backup: no canaries were looked for.'}`;
