import { type Bound, policyFor } from '../../aws/index.ts';
import { EXIT, OpsError } from '../../errors/index.ts';
import { existingCluster, type Site } from '../../inventory/index.ts';
import { rehearsalSite } from '../../site/index.ts';
import { reapSite, sitesInAws } from '../../site/reap.ts';
import { ROLES_OF_AWS, rolePolicies, sharedOf } from '../../store/index.ts';
import { onSite, ranText } from '../on-site.ts';
import { json, table } from '../output.ts';
import { readSite } from '../read-site.ts';
import type { Act } from '../verb.ts';

/** Errors: USAGE for a site that has no account. */
export function accountOf(site: Site): Bound {
  const { name, provider, cluster } = site;
  if (provider.kind === 'ec2') {
    const { account, region, network } = provider;
    const existing = existingCluster(site) !== undefined;
    return { account, region, site: name, cluster: cluster.kind, existing, network, buckets: ownBuckets(site) };
  }
  throw new OpsError('USAGE', `cannot ask AWS about ${name}: its provider is ${provider.kind}`, {
    hint: '--site with an inventory whose provider is ec2',
  });
}

/** A second site of another name: what is bound to the first reaches nothing of it. Its store is the first one's, and only read. */
export const rehearsalOf = (site: Site): Bound => ({ ...accountOf(rehearsalSite(site)), buckets: [] });

/** Those that are asked for as whoever runs muster: all others have keys in the inventory, and a policy of their own. */
function ownBuckets(site: Site): NonNullable<Bound['buckets']> {
  const store = sharedOf(site)?.backup?.store;
  if (store?.kind !== 's3') return [];
  return [store, store.replica].flatMap(place =>
    place?.admin === 'aws' ? { name: place.bucket, kmsKey: place.kmsKey } : [],
  );
}

/** Who the credentials of this computer are, and whether the inventory means them. Exit status 4 when it does not. */
export const whoami = onSite(async (open, { flags, out }) => {
  const { account, region } = accountOf(open.site);
  const who = await open.aws?.caller();
  const right = who?.account === account;
  const seen = { ...who, region, expected: account, right };
  const is = right ? `${account}, as the inventory says` : `${who?.account}, expected ${account}`;
  out.data(
    flags.json
      ? json(seen)
      : table([
          ['who', who?.arn ?? ''],
          ['account', is],
          ['region', region],
        ]),
  );
  return right ? EXIT.done : EXIT.refused;
});

/** The least rights that muster needs for a site, its rehearsals, or a role of its store, as a policy for IAM. Asks nobody. */
export const awsPolicy: Act = async ({ project, site, args: [role], out }) => {
  const read = await readSite(project, site);
  if (role === undefined) return out.data(json(policyFor({ ...accountOf(read), fenced: false })));
  if (role === REHEARSAL) return out.data(json(policyFor(rehearsalOf(read))));
  return out.data(json(policyOfRole(read, role)));
};

const REHEARSAL = 'rehearsal';

function policyOfRole(site: Site, word: string): object {
  const { name, path } = site;
  const role = ROLES_OF_AWS.find(one => one === word);
  if (!role)
    throw new OpsError(
      'USAGE',
      `cannot print the policy of '${word}': expected one of ${[REHEARSAL, ...ROLES_OF_AWS].join(', ')}`,
      {
        hint: `./muster aws-policy reader --site ${name}`,
      },
    );
  const store = (sharedOf(site) ?? site).backup?.store;
  if (store?.kind === 's3') return rolePolicies(store)[role];
  throw new OpsError('USAGE', `cannot print a policy: the store of ${name} is ${store?.kind ?? 'none'}, expected s3`, {
    hint: `backup.store in ${path}`,
  });
}

/** Sites of this account and region by their tags, whoever made them; with --confirm removes one that has expired. */
export const reap = onSite(async (open, call) => {
  const { flags, out } = call;
  accountOf(open.site);
  if (flags.confirm !== undefined && !flags['dry-run']) {
    const gone = await reapSite(open, flags.confirm);
    out.status(ranText(gone));
    return out.data(flags.json ? json(gone) : `site  ${flags.confirm} is gone: nothing with its tags is left`);
  }
  const sites = await sitesInAws(open);
  if (flags.json) return out.data(json(sites));
  const rows = sites.map(({ name, owner, expires, expired, things }) => [
    name,
    expired ? `expired ${expires}` : expires === 'never' ? 'never expires' : `until ${expires}`,
    `${things} things of ${owner}`,
  ]);
  const next = sites.find(({ expired }) => expired);
  return out.data(
    [
      rows.length > 0 ? table(rows) : 'no site of muster is in this account and region',
      ...(next ? ['', `next  ./muster reap --site ${open.site.name} --confirm=${next.name}`] : []),
    ].join('\n'),
  );
});
