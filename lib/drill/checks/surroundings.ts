import type { Ctx } from '../../engine/index.ts';
import { newRun, type OpenSite } from '../../site/index.ts';

/** What a check may use of a site: the reading half of a step's context. */
export type Surroundings = Pick<
  Ctx,
  'run' | 'signal' | 'clock' | 'shell' | 'cluster' | 'store' | 'secrets' | 'progress'
>;

export function surroundingsOf(open: OpenSite): Surroundings {
  const { ports, signal } = open;
  const progress = (text: string) => open.emit({ type: 'notice', text });
  const { clock, shell, cluster, store, secrets } = ports;
  return { run: newRun(open, 'drill', {}), signal, clock, shell, cluster, store, secrets, progress };
}
