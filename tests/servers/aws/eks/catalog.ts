import type { AddonInfo, ClusterVersionInformation } from '@aws-sdk/client-eks';

/** "Kubernetes versions on EKS": what the stand-in offers. */
export const VERSIONS: readonly ClusterVersionInformation[] = [
  offered('1.32', 'EXTENDED_SUPPORT', '2026-03-23', '2027-03-23'),
  offered('1.33', 'EXTENDED_SUPPORT', '2026-07-29', '2027-07-29'),
  offered('1.34', 'STANDARD_SUPPORT', '2026-12-02', '2027-12-02'),
  offered('1.35', 'STANDARD_SUPPORT', '2027-03-27', '2028-03-27'),
  offered('1.36', 'STANDARD_SUPPORT', '2027-08-02', '2028-08-02'),
];

function offered(
  clusterVersion: string,
  versionStatus: 'STANDARD_SUPPORT' | 'EXTENDED_SUPPORT',
  standardEnds: string,
  extendedEnds: string,
): ClusterVersionInformation {
  return {
    ...{ clusterVersion, clusterType: 'eks', versionStatus, defaultVersion: clusterVersion === '1.35' },
    ...{ defaultPlatformVersion: 'eks.4', kubernetesPatchVersion: `${clusterVersion}.3` },
    status: versionStatus === 'STANDARD_SUPPORT' ? 'standard-support' : 'extended-support',
    ...{ endOfStandardSupportDate: new Date(standardEnds), endOfExtendedSupportDate: new Date(extendedEnds) },
  };
}

export const minor = (version: string): number => Number(version.split('.')[1]);
export const isOffered = (version: string): boolean =>
  VERSIONS.some(({ clusterVersion }) => clusterVersion === version);

/** By version, the Kubernetes minors that it fits; the first version that fits one is its default. */
type Fits = Record<string, readonly string[]>;

export interface CatalogAddon {
  fits: Fits;
  /** The service account that may have a role; none: it takes no pod identity. */
  serviceAccount?: string;
  /** aws when absent. */
  owner?: 'community';
  /** Has a Deployment: DEGRADED without nodes. */
  onNodes: boolean;
  /** Keys of the configuration schema, as dotted paths. */
  configuration: readonly string[];
}

const each = (make: (minor: string) => string): Fits =>
  Object.fromEntries(VERSIONS.map(({ clusterVersion = '' }) => [make(clusterVersion), [clusterVersion]]));

const all = VERSIONS.map(({ clusterVersion = '' }) => clusterVersion);

/** "AWS add-ons": the ones that muster asks for, and one that it does not. */
export const ADDONS: Readonly<Record<string, CatalogAddon>> = {
  'vpc-cni': {
    // The older one fits no newer Kubernetes, as it is there.
    fits: { 'v1.21.3-eksbuild.1': all.slice(2), 'v1.20.5-eksbuild.2': all.slice(0, 4) },
    ...{ serviceAccount: 'aws-node', onNodes: false, configuration: ['env.*', 'enableNetworkPolicy'] },
  },
  'kube-proxy': { fits: each(minor => `v${minor}.2-eksbuild.4`), onNodes: false, configuration: ['mode'] },
  coredns: {
    fits: { 'v1.13.2-eksbuild.3': all.slice(1), 'v1.12.4-eksbuild.1': all.slice(0, 3) },
    ...{ onNodes: true, configuration: ['replicaCount', 'corefile'] },
  },
  'eks-pod-identity-agent': { fits: { 'v1.3.10-eksbuild.2': all }, onNodes: false, configuration: ['agent.*'] },
  'aws-ebs-csi-driver': {
    fits: { 'v1.56.0-eksbuild.1': all.slice(1), 'v1.50.1-eksbuild.1': all.slice(0, 4) },
    ...{ serviceAccount: 'ebs-csi-controller-sa', onNodes: true, configuration: ['controller.extraVolumeTags.*'] },
  },
  // "Community add-ons": their owner is not AWS.
  'metrics-server': {
    owner: 'community',
    fits: { 'v0.9.0-eksbuild.2': all },
    onNodes: true,
    configuration: ['replicas'],
  },
  adot: { fits: { 'v0.117.0-eksbuild.1': all }, onNodes: true, configuration: [] },
};

export const fitting = (addon: CatalogAddon, kubernetes: string): string[] =>
  Object.entries(addon.fits).flatMap(([version, minors]) => (minors.includes(kubernetes) ? [version] : []));

export function addonInfo(name: string, kubernetes: string | undefined): AddonInfo {
  const { fits, configuration, owner = 'aws' } = ADDONS[name] ?? { fits: {}, configuration: [] };
  const shown = Object.entries(fits).filter(([, minors]) => kubernetes === undefined || minors.includes(kubernetes));
  return {
    ...{ addonName: name, type: 'networking', publisher: 'eks', owner },
    addonVersions: shown.map(([addonVersion, minors]) => ({
      ...{ addonVersion, architecture: ['amd64', 'arm64'], computeTypes: ['ec2'], requiresConfiguration: false },
      requiresIamPermissions: configuration.length > 1,
      compatibilities: minors
        .filter(clusterVersion => kubernetes === undefined || clusterVersion === kubernetes)
        .map(clusterVersion => ({
          ...{ clusterVersion, platformVersions: ['*'] },
          defaultVersion: fitting({ fits } as CatalogAddon, clusterVersion)[0] === addonVersion,
        })),
    })),
  };
}
