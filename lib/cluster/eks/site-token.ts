import { credentialsOf } from '../../aws/credentials.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { signToken, type Token, type TokenWant } from './token.ts';

/** Whose token, and who signs it. */
interface Wanted extends TokenWant {
  profile?: string | undefined;
}

const text = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** What a token needs of an inventory that bootstrap has checked; undefined: it is not one of EKS. */
export async function tokenWanted(inventory: string): Promise<Wanted | undefined> {
  const { parseDocument } = await import('yaml');
  // What is no YAML is no inventory of EKS either: its own reader says what is wrong with it.
  const { site, provider, cluster } = parseDocument(inventory).toJS({ maxAliasCount: 0 }) ?? {};
  const { region, profile } = provider ?? {};
  if (cluster?.kind !== 'eks' || !text(site?.name) || !text(region) || !/^[a-z0-9-]+$/.test(region)) return undefined;
  return { cluster: text(cluster.existing) ? cluster.existing : site.name, region, ...(text(profile) && { profile }) };
}

/** Errors: AWS_CREDENTIALS. */
export async function signedBy({ profile, ...want }: Wanted, env: NodeJS.ProcessEnv, now: number): Promise<Token> {
  return signToken(want, await credentialsOf(profile, env), now);
}

/** The same for a site that is open. */
export async function siteToken(
  { name, provider, cluster }: Site,
  env: NodeJS.ProcessEnv,
  now: number,
): Promise<Token> {
  if (cluster.kind !== 'eks' || provider.kind !== 'ec2')
    throw new OpsError('INTERNAL', `cannot make a token for ${name}: its cluster is ${cluster.kind}`);
  return signedBy({ cluster: cluster.existing ?? name, region: provider.region, profile: provider.profile }, env, now);
}
