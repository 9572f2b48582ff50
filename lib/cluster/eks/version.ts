import type { Aws } from '../../aws/index.ts';
import { OpsError } from '../../errors/index.ts';

/** A minor that EKS has. */
export interface Offered {
  version: string;
  /** In standard support; in extended support EKS takes six times the price. */
  standard: boolean;
  /** When standard support ends; UTC, '2027-03-23'. */
  until?: string;
}

const minor = (version: string): number => Number(version.split('.')[1]);
const byMinor = (a: string, b: string) => minor(a) - minor(b);

export async function offeredVersions(aws: Aws): Promise<Offered[]> {
  const all: Offered[] = [];
  let nextToken: string | undefined;
  do {
    const page = await aws.call(
      'eks',
      'ask which versions EKS offers',
      sdk => new sdk.DescribeClusterVersionsCommand({ nextToken }),
    );
    for (const { clusterVersion, versionStatus, endOfStandardSupportDate } of page.clusterVersions ?? []) {
      if (clusterVersion === undefined) continue;
      const until = endOfStandardSupportDate?.toISOString().slice(0, 10);
      all.push({ version: clusterVersion, standard: versionStatus === 'STANDARD_SUPPORT', ...(until && { until }) });
    }
    nextToken = page.nextToken;
  } while (nextToken);
  return all.sort((a, b) => byMinor(a.version, b.version));
}

/** Errors: EKS_VERSION for what EKS does not offer, or offers at the price of extended support only. */
export function mustBeOffered(version: string, offered: readonly Offered[]): void {
  const found = offered.find(other => other.version === version);
  const good = offered.filter(({ standard }) => standard).map(other => other.version);
  const hint = `cluster.version in the inventory: one of ${good.join(', ')}`;
  if (!found)
    throw new OpsError('EKS_VERSION', `cannot build Kubernetes ${version}: EKS does not offer it here`, { hint });
  if (!found.standard)
    throw new OpsError(
      'EKS_VERSION',
      `cannot build Kubernetes ${version}: its standard support ended${found.until ? ` on ${found.until}` : ''}`,
      { hint },
    );
}

/** One minor at a time: control plane, add-ons, nodes; then the next. Errors: EKS_VERSION. */
export function mustBeNext(from: string, to: string): void {
  const step = minor(to) - minor(from);
  if (step === 1) return;
  if (step < 0)
    throw new OpsError('EKS_VERSION', `cannot go from Kubernetes ${from} back to ${to}: EKS has no way back`, {
      hint: `cluster.version: '${from}' in the inventory`,
    });
  const next = `1.${minor(from) + 1}`;
  throw new OpsError(
    'EKS_VERSION',
    `cannot go from Kubernetes ${from} to ${to} at once: EKS goes one minor at a time`,
    {
      hint: `cluster.version: '${next}' in the inventory, then bootstrap; and so on to '${to}'`,
    },
  );
}

/** Nodes that stay behind would be two minors behind after it. Errors: EKS_VERSION. */
export function mustHaveFollowed(version: string, groups: readonly { name: string; version: string }[]): void {
  const behind = groups.filter(group => minor(group.version) < minor(version));
  if (behind.length === 0) return;
  const names = behind.map(group => `${group.name} at ${group.version}`).join(', ');
  throw new OpsError('EKS_VERSION', `cannot upgrade from ${version}: node groups are behind it: ${names}`, {
    hint: `cluster.version: '${version}' in the inventory, then bootstrap: it brings them along`,
  });
}
