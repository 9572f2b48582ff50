import { type Clock, type Duration, seconds } from '../time/index.ts';
import type { ClusterApi } from './ports.ts';
import type { Ports } from './types.ts';

/** How long an answer is good for: a step that looks again later means to. */
const MOMENT: Duration = seconds(2);

/**
 * The ports of one plan. Nothing has an effect while it is made, so that what one step was told of a cluster is as good
 * for the next: under emulation each question costs a tenth of a second of both.
 */
export function ofOneMoment(ports: Ports): Ports {
  const { clock } = ports;
  const clusters = remembering((site: string) => ports.cluster(site).then(api => toldOnce(api, clock)));
  return { ...ports, cluster: clusters };
}

const toldOnce = (api: ClusterApi, clock: Clock): ClusterApi => ({
  ...api,
  raw: remembering(api.raw, clock),
  get: remembering(api.get, clock),
  list: remembering(api.list, clock),
});

interface Told<A> {
  answer: Promise<A>;
  /** When it came; undefined: not yet. */
  at?: Duration;
}

/** A question that failed is told so to all who ask it: they are of one moment. Without a clock, for ever. */
function remembering<Q, A>(ask: (question: Q) => Promise<A>, clock?: Clock): (question: Q) => Promise<A> {
  const told = new Map<string, Told<A>>();
  const stale = ({ at }: Told<A>) => clock !== undefined && at !== undefined && clock.monotonic() - at > MOMENT;
  return question => {
    const key = JSON.stringify(question);
    const before = told.get(key);
    if (before && !stale(before)) return before.answer;
    const now: Told<A> = { answer: ask(question) };
    const came = () => {
      now.at = clock?.monotonic();
    };
    now.answer.then(came, came);
    told.set(key, now);
    return now.answer;
  };
}
