import { randomUUID } from 'node:crypto';
import { type Answer, type Ask, ask, webUrl } from '../../addon/app/endpoint.ts';
import { readHealth } from '../../addon/app/health.ts';
import { seedMark } from '../../addon/app/manifests/want.ts';
import { readAuthority } from '../../addon/site-ca/steps.ts';
import { type Check, type CheckResult, runChecks } from '../../backup/index.ts';
import type { AppWant } from '../../inventory/sections/app.ts';
import { seconds } from '../../time/index.ts';
import type { Drill } from '../scenario.ts';

/** A restored application, as its users meet it. */
export interface RestoredApp {
  /** 'https://127.0.0.1:8443' */
  url: string;
  /** PEM of the site's authority. */
  ca: string;
  seed: AppWant;
  signal: AbortSignal;
}

type Seen = Awaited<ReturnType<Check<RestoredApp>['look']>>;
const PASSWORD = 'a drill writes, reads and removes';
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

/** L6: through the front door, over TLS, with the rights of a person. An app that does not answer leaves them unrun. */
export const appChecks: readonly Check<RestoredApp>[] = [
  {
    ...about('app.health', 'The app answers over TLS, with the data that the site had'),
    expected: '200, healthy, seeded as the inventory says',
    async look(app) {
      const { status, body } = await call(app, 'health');
      const { problem, data } = readHealth(status, body.toString('utf8'));
      if (problem !== undefined) return wrong(problem);
      if (data?.seed !== seedMark(app.seed)) return wrong(`seed ${data?.seed}`);
      return { state: 'passed', got: `200, healthy, migration ${data.migration}, seed ${data.seed}` };
    },
  },
  {
    ...about('app.person', 'A person can be created, sign in, be found, and be removed'),
    expected: '201, 200 with a token, found, 204, and 401 afterwards',
    look: onePerson,
  },
];

export async function appResults({ target }: Drill): Promise<CheckResult[]> {
  const { site, provider, ports, signal } = target;
  if (!site.app) return [];
  const authority = await readAuthority(ports.secrets);
  return runChecks(appChecks, {
    url: await webUrl(site, provider),
    ca: authority?.certificate ?? '',
    seed: site.app,
    signal,
  });
}

function about(id: string, title: string): Pick<Check<never>, 'id' | 'title' | 'source' | 'level' | 'required'> {
  return { id, title, source: 'app', level: 'L6', required: true };
}

const wrong = (got: string): Seen => ({ state: 'failed', got, code: 'APP_WRONG' });

const call = (app: RestoredApp, path: string, how: Omit<Ask, 'timeout' | 'signal'> = {}): Promise<Answer> =>
  ask(`${app.url}/api/${path}`, app.ca, { timeout: seconds(30), signal: app.signal, ...how });

/** Writes are part of it: a database that came back read-only serves nobody. What it writes it removes. */
async function onePerson(app: RestoredApp): Promise<Seen> {
  const email = `drill.${randomUUID()}@exemple.test`;
  const created = await call(app, 'users', { method: 'POST', json: { email, name: 'Drill', password: PASSWORD } });
  if (created.status !== 201) return wrong(`${created.status} for a new person`);
  const { id } = read(created);
  const session = await call(app, 'login', { method: 'POST', json: { email, password: PASSWORD } });
  const { token } = read(session);
  if (session.status !== 200 || typeof token !== 'string') return wrong(`${session.status} for a sign-in`);
  const found = await call(app, `users?q=${encodeURIComponent(email)}`, { token });
  const { users } = read(found);
  const listed = Array.isArray(users) ? users.length : 0;
  const avatar = await seededAvatar(app, token);
  const removed = await call(app, `users/${id}`, { method: 'DELETE', token });
  const after = await call(app, 'me', { token });
  if (listed !== 1) return wrong(`${listed} people found by an address that one has`);
  if (avatar !== undefined) return wrong(avatar);
  if (removed.status !== 204 || after.status !== 401)
    return wrong(`${removed.status} for a removal, ${after.status} afterwards`);
  return { state: 'passed', got: '201, 200 with a token, found, 204, and 401 afterwards' };
}

/** The row names a file of another volume: both must have come back. Returns what is wrong. */
async function seededAvatar({ seed, ...app }: RestoredApp, token: string): Promise<string | undefined> {
  if (seed.avatars === 0) return undefined;
  const id = Math.floor(seed.users / seed.avatars);
  const { status, body } = await call({ seed, ...app }, `users/${id}/avatar`, { token });
  if (status === 200 && body.subarray(0, 4).equals(PNG)) return undefined;
  return `${status} and ${body.length} bytes for the avatar of person ${id}`;
}

function read({ body }: Answer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return value !== null && typeof value === 'object' ? { ...value } : {};
  } catch {
    return {};
  }
}
