import type { ClusterApi } from './ports.ts';
import type { Ports } from './types.ts';

/**
 * The ports of one plan. Nothing has an effect while it is made, so that what one step was told of a cluster is as good
 * for the next: under emulation each question costs a tenth of a second of both.
 */
export function ofOneMoment(ports: Ports): Ports {
  const clusters = remembering((site: string) => ports.cluster(site).then(toldOnce));
  return { ...ports, cluster: clusters };
}

const toldOnce = (api: ClusterApi): ClusterApi => ({
  ...api,
  get: remembering(api.get),
  list: remembering(api.list),
});

/** A question that failed is told so to all who ask it: they are of one moment. */
function remembering<Q, A>(ask: (question: Q) => Promise<A>): (question: Q) => Promise<A> {
  const told = new Map<string, Promise<A>>();
  return question => {
    const key = JSON.stringify(question);
    const answer = told.get(key) ?? ask(question);
    told.set(key, answer);
    return answer;
  };
}
