import type { AnyStep, ClusterApi, Ctx, KubeObject, Need } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { type Duration, formatDuration, minutes } from '../../time/index.ts';
import { addonStep } from '../step.ts';
import { type App, NAMESPACE, render } from './app.ts';
import { CANARY_CONFIGMAP } from './manifests/heartbeat.ts';

/** A canary as the heartbeat writes it, in every place. */
export interface WrittenCanary {
  number: number;
  /** UTC with milliseconds. */
  written: string;
  hash: string;
}

/** Of the clocks here and there, and of a machine that is busy. */
const LATE: Duration = minutes(1);

/** app.heartbeat: canaries are written. A restored site has it asleep, and it is woken as whatever differs is mended. */
export const heartbeatStep = (app: App, interval: Duration, needs: readonly Need[]): AnyStep => ({
  ...addonStep(app.site, {
    name: 'app-heartbeat',
    title: "Start the app's heartbeat",
    want: { interval },
    needs,
    objects: async (_, ctx) => (await render(app, ctx)).heartbeat,
    proof: async (api, ctx) => late(newest(await readCanaries(api)), interval, ctx),
  }),
  id: 'app.heartbeat',
});

/**
 * The cluster's canaries, oldest first: those of the ConfigMap, the last of the three places that each is written to.
 * Errors: CLUSTER_REFUSED when what is there is not the heartbeat's.
 */
export async function readCanaries(api: ClusterApi): Promise<WrittenCanary[]> {
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE, name: CANARY_CONFIGMAP };
  const found = await api.get(ref);
  return found ? parsed(found) : [];
}

function parsed({ data }: KubeObject): WrittenCanary[] {
  try {
    const list: unknown = JSON.parse((data as Record<string, string>)['canaries.json'] ?? '');
    if (Array.isArray(list) && list.every(isCanary)) return list;
  } catch {
    // Said below.
  }
  throw new OpsError('CLUSTER_REFUSED', `cannot read ConfigMap ${NAMESPACE}/${CANARY_CONFIGMAP}: it holds no canaries`);
}

const isCanary = (entry: unknown): entry is WrittenCanary => {
  const { number, written, hash } = Object(entry) as Record<string, unknown>;
  return Number.isSafeInteger(number) && typeof written === 'string' && typeof hash === 'string';
};

const newest = (canaries: readonly WrittenCanary[]) => canaries.at(-1);

function late(canary: WrittenCanary | undefined, interval: Duration, { clock }: Pick<Ctx, 'clock'>): string[] {
  if (!canary) return ['no canary has been written yet'];
  const age = clock.now() - Date.parse(canary.written);
  return age <= 3 * interval + LATE ? [] : [`the newest canary, ${canary.number}, is ${formatDuration(age)} old`];
}
