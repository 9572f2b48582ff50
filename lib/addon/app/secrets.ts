import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { FIELD_MANAGER, isRecord, MANAGED_BY, ourObject } from '../../cluster/index.ts';
import type { Change, Ctx, Decision, KubeObject, KubeRef, Need, Step } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Provider } from '../../host/provider.ts';
import type { Site } from '../../inventory/index.ts';
import { issueServer, type KeyedCertificate, Secret } from '../../secret/index.ts';
import { minutes } from '../../time/index.ts';
import { isGood, readAuthority } from '../site-ca/steps.ts';
import { NAMESPACE } from './app.ts';
import { appNames } from './endpoint.ts';
import { PASSWORDS, TLS_SECRET } from './manifests/want.ts';
import { passwordName, DATABASE_ROLES as ROLES } from './roles.ts';

/** `lost`: the cluster has it, and this computer does not: it is what the database knows, so it is kept. */
export type SecretSeen = 'good' | 'absent' | 'different' | 'lost';

/** By the Secret's name; never a value. */
export type SecretFacts = Readonly<Record<string, SecretSeen>>;

/** A year, and renewed a month before its end. */
const DAYS = 365;
type Names = Awaited<ReturnType<typeof appNames>>;
export const shown = (name: string) => `Secret ${NAMESPACE}/${name}`;

/** app.secrets: passwords as in the SecretStore, and a certificate of the site's authority. */
export const secretsStep = (site: Site, provider: Provider, needs: readonly Need[]): Step<object, SecretFacts> => ({
  id: 'app.secrets',
  title: 'Give the app its passwords and its certificate',
  target: { site: site.name, kind: 'cluster', name: site.name },
  want: {},
  needs,
  deadline: minutes(2),
  observe: async ctx => secretFacts(await appNames(site, provider), ctx),
  decide: decideSecrets,
  apply: (change, ctx) => ctx.effect(change, () => act({ site, provider }, change, ctx)),
});

export function decideSecrets(_: unknown, facts: SecretFacts): Decision {
  const changes = Object.entries(facts).flatMap(([name, is]): Change[] => {
    const change = { what: shown(name), grade: 'known', secret: true } as const;
    if (is === 'good') return [];
    if (is === 'lost') return [{ ...change, action: 'update', what: `${shown(name)} kept here too` }];
    return [{ ...change, action: is === 'absent' ? 'create' : 'update' }];
  });
  if (changes.length > 0) return { is: 'changes', changes };
  return { is: 'done', reason: `${Object.keys(facts).length} Secrets as they are kept here` };
}

export async function secretFacts(names: Names, ctx: Ctx): Promise<SecretFacts> {
  const api = await ctx.cluster(ctx.target.site);
  const find = (name: string) => ourObject(api, secretRef(name));
  const [authority, tls] = await Promise.all([readAuthority(ctx.secrets), find(TLS_SECRET)]);
  const passwords = await Promise.all(
    ROLES.map(async role => {
      const [kept, live] = await Promise.all([ctx.secrets.get(passwordName(role)), find(PASSWORDS[role])]);
      return [PASSWORDS[role], comparePassword(kept, decoded(live, 'password'))] as const;
    }),
  );
  const good = tls !== undefined && authority !== undefined && isGoodPair(names, tls, authority, ctx.clock.now());
  return { ...Object.fromEntries(passwords), [TLS_SECRET]: !tls ? 'absent' : good ? 'good' : 'different' };
}

function comparePassword(kept: Secret | undefined, found: string | undefined): SecretSeen {
  if (found === undefined) return 'absent';
  if (kept === undefined) return 'lost';
  return kept.reveal() === found ? 'good' : 'different';
}

/** Of the authority, for these names, in time, and with its own key. */
function isGoodPair(names: Names, secret: KubeObject, authority: KeyedCertificate, now: number): boolean {
  const [chain, key] = [decoded(secret, 'tls.crt'), decoded(secret, 'tls.key')];
  if (chain === undefined || key === undefined || !isGood(chain, authority, names, now)) return false;
  try {
    return new X509Certificate(chain).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function decoded(object: KubeObject | undefined, key: string): string | undefined {
  const value = isRecord(object?.data) ? object.data[key] : undefined;
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : undefined;
}

interface App {
  site: Site;
  provider: Provider;
}

async function act(app: App, { what }: Change, ctx: Ctx): Promise<void> {
  const api = await ctx.cluster(ctx.target.site);
  if (what === shown(TLS_SECRET)) {
    await api.apply(await tlsSecret(app, ctx));
    return;
  }
  const role = ROLES.find(name => what.startsWith(shown(PASSWORDS[name])));
  if (role === undefined) return;
  const found = decoded(await api.get(secretRef(PASSWORDS[role])), 'password');
  // The database knows the one in the cluster, so a computer without one takes it over.
  if (found !== undefined && (await ctx.secrets.get(passwordName(role))) === undefined)
    await ctx.secrets.put(passwordName(role), new Secret(found));
  const password = await ctx.secrets.generate(passwordName(role), { length: 32 });
  await api.apply(secret(PASSWORDS[role], 'Opaque', { password: password.reveal() }));
}

/** Errors: SECRET_MISSING before the site has an authority. */
export async function tlsSecret({ site, provider }: App, { secrets, clock }: Ctx): Promise<KubeObject> {
  const authority = await readAuthority(secrets);
  if (!authority)
    throw new OpsError('SECRET_MISSING', `cannot issue a certificate for ${site.name}: it has no authority yet`, {
      hint: `./muster bootstrap --site ${site.name} makes one`,
    });
  const { certificate, key } = await issueServer(authority, { ...(await appNames(site, provider)), days: DAYS }, clock);
  return secret(TLS_SECRET, 'kubernetes.io/tls', { 'tls.crt': certificate, 'tls.key': key.reveal() });
}

export const secretRef = (name: string): KubeRef => ({ apiVersion: 'v1', kind: 'Secret', namespace: NAMESPACE, name });

/** Not stamped as other objects are: a hash of a value is a hint at it. */
function secret(name: string, type: string, values: Record<string, string>): KubeObject {
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  const labels = { 'app.kubernetes.io/name': 'app-secrets', [MANAGED_BY]: FIELD_MANAGER };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE, labels }, type, data };
}

/** Hex SHA-256 of the certificate that the cluster has. Errors: SECRET_MISSING before it has one. */
export async function certificateHash(ctx: Ctx): Promise<string> {
  const api = await ctx.cluster(ctx.target.site);
  const chain = decoded(await ourObject(api, secretRef(TLS_SECRET)), 'tls.crt');
  if (chain === undefined)
    throw new OpsError('SECRET_MISSING', `cannot start nginx: ${shown(TLS_SECRET)} is not there yet`);
  return createHash('sha256').update(chain).digest('hex');
}
