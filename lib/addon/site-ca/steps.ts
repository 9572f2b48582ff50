import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Change, Ctx, Decision, Dirs, Step } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { createAuthority, inspect, type KeyedCertificate, Secret, type SecretStore } from '../../secret/index.ts';
import { minutes } from '../../time/index.ts';

const CERTIFICATE = 'pki/ca-certificate';
const KEY = 'pki/ca-key';
/** The SecretStore's names. */
export const AUTHORITY = { certificate: CERTIFICATE, key: KEY } as const;

/** For browsers and curl: the certificate alone. */
export const caPath = (dirs: Dirs): string => join(dirs.state, 'ca.crt');

export interface CaWant {
  commonName: string;
}

export interface CaFacts {
  /** Both the certificate and its key are there. */
  authority: boolean;
  /** ca.crt is the certificate. */
  published: boolean;
}

/** The site's own authority, or undefined before it is made. */
export async function readAuthority(secrets: SecretStore): Promise<KeyedCertificate | undefined> {
  const [certificate, key] = await Promise.all([secrets.get(CERTIFICATE), secrets.get(KEY)]);
  return certificate && key ? { certificate: certificate.reveal(), key } : undefined;
}

/** site-ca: the authority that signs the site's servers; its key never leaves the SecretStore. */
export function siteCaStep(site: Site): Step<CaWant, CaFacts> {
  return {
    id: 'site-ca',
    title: "Make the site's certificate authority",
    target: { site: site.name, kind: 'site', name: site.name },
    want: { commonName: `muster ${site.name} CA` },
    deadline: minutes(1),
    async observe({ secrets, run }) {
      const authority = await readAuthority(secrets);
      const file = await readFile(caPath(run.dirs), 'utf8').catch(() => undefined);
      return { authority: authority !== undefined, published: file !== undefined && file === authority?.certificate };
    },
    decide: decideCa,
    async apply(change, ctx) {
      await ctx.effect(change, () => (change.what.startsWith('file') ? publish(change, ctx) : make(ctx, site)));
    },
  };
}

export function decideCa(want: CaWant | undefined, facts: CaFacts): Decision {
  const changes: Change[] = [];
  const file = 'file ca.crt';
  if (want === undefined) {
    if (facts.published) changes.push({ action: 'delete', what: file, grade: 'known' });
    return changes.length > 0 ? { is: 'changes', changes } : { is: 'done', reason: 'not published' };
  }
  if (!facts.authority) changes.push({ action: 'create', what: want.commonName, grade: 'known' });
  if (!facts.published) changes.push({ action: 'create', what: file, grade: 'known' });
  return changes.length > 0 ? { is: 'changes', changes } : { is: 'done', reason: 'there, and published' };
}

async function make({ secrets, clock }: Ctx, site: Site): Promise<void> {
  const { certificate, key } = await createAuthority(`muster ${site.name} CA`, clock);
  // The certificate last: an authority is there only when both are, and a killed run makes a new pair.
  await secrets.put(KEY, key);
  await secrets.put(CERTIFICATE, new Secret(certificate));
}

async function publish(change: Change, { secrets, run }: Ctx): Promise<void> {
  const path = caPath(run.dirs);
  const authority = await readAuthority(secrets);
  if (change.action === 'delete' || !authority) return rm(path, { force: true });
  await writeFile(path, authority.certificate, { mode: 0o644 });
}

const MONTH = 30 * 86_400_000;

/** A server's certificate is good: of this authority, for these names, and for another month. */
export function isGood(
  pem: string,
  authority: KeyedCertificate,
  want: { names: readonly string[]; addresses: readonly string[] },
  now: number,
): boolean {
  try {
    const facts = inspect(pem);
    const covers = (have: string[], wanted: readonly string[]) => wanted.every(name => have.includes(name));
    return (
      facts.issuedBy(authority) &&
      covers(facts.names, want.names) &&
      covers(facts.addresses, want.addresses) &&
      facts.notAfter - now > MONTH
    );
  } catch {
    return false;
  }
}
