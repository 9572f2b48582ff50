import type { Report } from '../report.ts';
import { html, type Markup } from './markup.ts';
import { badge, moment, percent, span, VERDICT_MOOD } from './words.ts';

/** Earlier drills of the scenario, this one on top, with their recovery times as bars. */
export function history({ id, clocks, verdict, rto, history: earlier, scenario }: Report): Markup {
  const all = [{ id, at: clocks.marks[0]?.at, verdict, rto: rto.ms }, ...earlier];
  const longest = Math.max(rto.target, ...all.map(each => each.rto ?? 0));
  return html`
<section>
<h2>History</h2>
${earlier.length === 0 ? html`<p>This is the first drill of ${scenario} of which there is a report.</p>` : undefined}
<table class="history">
<thead><tr><th scope="col">Drill</th><th scope="col">Verdict</th><th scope="col" class="number">RTO</th><th scope="col" class="wide">of ${span(longest)}</th></tr></thead>
<tbody>${all.map(
    each => html`
<tr><th scope="row">${each.at ? moment(each.at) : 'not begun'}<span class="how">${each.id}${each.id === id ? ' · this one' : undefined}</span></th><td>${badge(VERDICT_MOOD[each.verdict], each.verdict)}</td><td class="number">${each.rto === null ? '–' : span(each.rto)}</td><td class="wide">${each.rto === null ? undefined : html`<span class="track"><span class="bar" style="width:${percent(each.rto, longest)}"></span></span>`}</td></tr>`,
  )}
</tbody></table>
</section>`;
}

export const notProven = (report: Report): Markup => html`
<section id="not-proven" class="caution">
<h2>What was not proven</h2>
<ul>${report.notProven.map(line => html`<li>${line}</li>`)}</ul>
${
  report.left.length === 0
    ? undefined
    : html`<h3>What the drill could not remove</h3><ul>${report.left.map(line => html`<li>${line}</li>`)}</ul>`
}
</section>`;

const MODES: Readonly<Record<Report['mode'], string>> = {
  rehearse: 'rehearsal: beside what lives, which was not touched',
  destroy: 'in earnest: what the scenario names was destroyed, and rebuilt in its place',
  rebuild: 'no drill: the site was gone, and was rebuilt from its backup',
};

/** Everything that is needed to do it again. */
export function particulars({ set, by, versions, ...report }: Report): Markup {
  const rows: (readonly [string, string | Markup])[] = [
    ['Drill', html`<code>${report.id}</code>`],
    ['Scenario', `${report.scenario}, ${MODES[report.mode]}`],
    ['Site, restored to', html`<bdi>${report.site}</bdi>, <bdi>${report.target}</bdi>`],
    [
      'Backup',
      set
        ? html`set <code>${set.id}</code> of ${moment(set.takenAt)}, taken by ${set.trigger === 'schedule' ? 'the schedule' : 'a person'}`
        : 'none was chosen',
    ],
    ...(set ? ([['SHA-256 of its manifest', html`<code>${set.manifestSha256}</code>`]] as const) : []),
    ['Started by', html`<bdi>${by.name}</bdi> (${by.trigger})`],
    ['Commit of the scripts', html`<code>${report.commit}</code>`],
    ['SHA-256 of the lock file', html`<code>${report.lockDigest}</code>`],
    [
      'Versions',
      Object.entries(versions)
        .map(([tool, version]) => `${tool} ${version}`)
        .join(', ') || 'not recorded',
    ],
    ['Exit status', `${report.exit} (0 verified and in time, 1 not, 2 could not tell)`],
  ];
  return html`
<section>
<h2>Particulars</h2>
<dl class="particulars">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
</section>`;
}

const TERMS = [
  ['RTO', 'Recovery time objective: how long it may take from the loss until the data is back and proven.'],
  ['RPO', 'Recovery point objective: how old the newest data that comes back may be at the moment of the loss.'],
  [
    'Canary',
    'A small numbered record that is written all the time, each chained to the one before. The newest that comes back shows how much was lost.',
  ],
  ['Set', 'One complete backup of all sources, with a signed list of what is in it.'],
  [
    'Manifest',
    'That list: counts and checksums of the data, read at the moment of the backup. What comes back is compared with it.',
  ],
] as const;

export const terms = (): Markup => html`
<section>
<h2>Terms</h2>
<dl class="particulars">${TERMS.map(([term, means]) => html`<dt>${term}</dt><dd>${means}</dd>`)}</dl>
</section>`;
