import { MARK_WORDS, type Report } from '../report.ts';
import { html, type Markup } from './markup.ts';
import { moment, percent, span, spanOrNot, timeOfDay } from './words.ts';

/** A bar a phase, all on one scale from the loss to the last mark. */
export function timeline({ clocks }: Report): Markup {
  const { marks, phases, exactTo, fault } = clocks;
  const [start, end] = [marks[0], marks.at(-1)];
  if (!start || !end || phases.length === 0)
    return html`<section><h2>Timeline</h2><p>${start ? `The drill ended before anything was reached; ${MARK_WORDS[start.mark].happened} ${moment(start.at)}.` : 'The drill ended before it began to count.'}</p></section>`;
  const whole = end.ms ?? Math.max(0, ...marks.map(({ ms }) => ms ?? 0));
  const offset = (mark: string) => marks.find(each => each.mark === mark)?.ms ?? null;
  return html`
<section>
<h2>Timeline</h2>
<p>From ${moment(start.at)} (${start.mark}, ${start.happened}) to ${moment(end.at)} (${end.mark}, ${end.happened}).
${exactTo > 0 ? `Exact to ${span(exactTo)}: this computer was restarted meanwhile.` : undefined}
${fault ? html`<b>The clocks contradict each other: ${fault}.</b>` : undefined}</p>
<table class="timeline">
<thead><tr><th scope="col">Phase</th><th scope="col" class="wide">${span(whole)} in all</th><th scope="col" class="number">Took</th><th scope="col">Then reached</th><th scope="col" class="number">After the loss</th></tr></thead>
<tbody>${phases.map(({ name, from, to, ms }) => {
    const reached = marks.find(({ mark }) => mark === to);
    return html`
<tr><th scope="row">${name}</th><td class="wide">${bar(offset(from), ms, whole)}</td><td class="number">${spanOrNot(ms)}</td><td>${to} ${reached?.happened} <span class="faint">${reached && timeOfDay(reached.at)}</span></td><td class="number">${spanOrNot(reached?.ms ?? null)}</td></tr>`;
  })}
</tbody></table>
</section>`;
}

const bar = (from: number | null, ms: number | null, whole: number): Markup =>
  from === null || ms === null
    ? html`not known`
    : html`<span class="track"><span class="bar" style="margin-left:${percent(from, whole)};width:${percent(ms, whole)}"></span></span>`;
