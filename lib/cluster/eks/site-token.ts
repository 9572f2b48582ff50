import { credentialsOf } from '../../aws/credentials.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { signToken, type Token } from './token.ts';

/** A token for the site's cluster, signed by whoever this is. Errors: AWS_CREDENTIALS; USAGE when the cluster is none of EKS. */
export async function siteToken(site: Site, env: NodeJS.ProcessEnv, now: number): Promise<Token> {
  const { cluster, provider, name } = site;
  if (cluster.kind !== 'eks' || provider.kind !== 'ec2')
    throw new OpsError(
      'USAGE',
      `cannot make a token for ${name}: its cluster is ${cluster.kind}, and only EKS takes tokens`,
      {
        hint: `./muster kubectl --site ${name} get nodes`,
      },
    );
  const credentials = await credentialsOf(provider.profile, env);
  return signToken({ cluster: name, region: provider.region }, credentials, now);
}
