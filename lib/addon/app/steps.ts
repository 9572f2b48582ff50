import type { AnyStep, Need } from '../../engine/index.ts';
import type { Provider } from '../../host/provider.ts';
import type { Site } from '../../inventory/index.ts';
import { type Images, siteImages } from '../images.ts';
import { answersStep } from './answers.ts';
import type { App } from './app.ts';
import { healthReader } from './health.ts';
import { heartbeatStep } from './heartbeat.ts';
import { migrateStep, seedStep } from './jobs.ts';
import { backendStep, databaseStep, frontendStep, namespaceStep } from './parts.ts';
import { rolesStep } from './roles.ts';
import { secretsStep } from './secrets.ts';

const same = (...steps: string[]): Need[] => steps.map(step => ({ step, scope: 'same' }));

/** The app with its data. Whatever can go on side by side does; app.answers is the proof of all of it. */
export function appSteps(site: Site, provider: Provider, images: Images = siteImages(site)): AnyStep[] {
  if (!site.app) return [];
  const app: App = { site, seed: site.app, images, health: healthReader(site, provider) };
  // Jobs find the database by its name.
  const names = site.addons.coredns ? same('addon.coredns') : [];
  const namespace = same('app.namespace');
  // The pod reads where its archive is when it starts.
  const archive = site.backup?.sources.includes('postgres') ? same('postgres.access') : [];
  const inside = [
    secretsStep(site, provider, [...namespace, { step: 'site-ca', scope: 'all' }]),
    databaseStep(app, [...same('app.secrets', 'addon.local-path'), ...archive]),
    backendStep(app, same('app.secrets', 'addon.local-path')),
    frontendStep(app, same('app.secrets')),
    migrateStep(app, [...same('app.database', 'app.backend'), ...names]),
    seedStep(app, same('app.migrate')),
    rolesStep(site, same('app.migrate')),
    answersStep(app, same('app.seed', 'app.roles', 'app.backend', 'app.frontend')),
    // After the seed: its volume belongs to nobody yet.
    ...(site.drills ? [heartbeatStep(app, site.drills.heartbeat, same('app.seed'))] : []),
  ];
  return [namespaceStep(app), ...inside.map(inNamespace)];
}

/** Without want it has nothing to do: app.namespace takes everything along, and only when it is to go itself. */
const inNamespace = (step: AnyStep): AnyStep => ({
  ...step,
  async observe(ctx) {
    return this.want === undefined ? undefined : step.observe(ctx);
  },
  decide: (want, facts) =>
    want === undefined ? { is: 'done', reason: 'goes with its namespace' } : step.decide(want, facts),
});
