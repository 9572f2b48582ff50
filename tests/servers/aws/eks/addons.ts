import { randomBytes } from 'node:crypto';
import type {
  Addon,
  AddonPodIdentityAssociations,
  CreateAddonRequest,
  DeleteAddonRequest,
  DescribeAddonRequest,
  DescribePodIdentityAssociationRequest,
  UpdateAddonRequest,
} from '@aws-sdk/client-eks';
import type { Call, Rules } from '../service.ts';
import { ADDONS, type CatalogAddon, fitting } from './catalog.ts';
import { mustAssume } from './clusters.ts';
import {
  arn,
  type ClusterRecord,
  doneBefore,
  inUse,
  invalid,
  need,
  needActive,
  notFound,
  remember,
  sameUpdate,
  startUpdate,
} from './state.ts';

const seen = (record: ClusterRecord, name: string | undefined): Addon => {
  const found = record.addons.seen(name);
  if (!found) throw notFound(`No addon: ${name} found in cluster: ${record.cluster.name}`);
  return found;
};

function known(name: string | undefined): CatalogAddon {
  const found = ADDONS[name ?? ''];
  // CreateAddon, addonName: "The name must match one of the names returned by DescribeAddonVersions."
  if (!found) throw invalid(`Addon ${name} is not supported`);
  return found;
}

function checkVersion(addon: CatalogAddon, version: string | undefined, kubernetes: string): string {
  const versions = fitting(addon, kubernetes);
  const chosen = version ?? versions[0];
  // "Addon version specified is not supported".
  if (chosen === undefined || !versions.includes(chosen)) throw invalid('Addon version specified is not supported');
  return chosen;
}

/** "The values that you provide are validated against the schema from DescribeAddonConfiguration." */
function checkValues({ configuration }: CatalogAddon, text: string | undefined): void {
  if (text === undefined) return;
  const leaf = (value: unknown, path: string): string[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, each]) => leaf(each, path ? `${path}.${key}` : key))
      : [path];
  const fits = (path: string) =>
    configuration.some(known => (known.endsWith('.*') ? path.startsWith(known.slice(0, -1)) : path === known));
  const wrong = leaf(JSON.parse(text), '').find(path => !fits(path));
  // Observed by others: aws/containers-roadmap#2216.
  if (wrong !== undefined)
    throw invalid(
      `ConfigurationValue provided in request is not supported: Json schema validation failed with error: [$.${wrong}: is not defined in the schema]`,
    );
}

/** Made with the add-on, and gone with it. */
function associate(
  record: ClusterRecord,
  addon: Addon,
  wanted: readonly AddonPodIdentityAssociations[],
  call: Call,
): void {
  const { serviceAccount } = known(addon.addonName);
  for (const want of wanted) {
    // Assumed: an association that the add-on cannot use.
    if (want.serviceAccount !== serviceAccount)
      throw invalid(`The addon ${addon.addonName} has no service account ${want.serviceAccount} for pod identity`);
    mustAssume(want.roleArn, 'pods.eks.amazonaws.com', ['sts:AssumeRole', 'sts:TagSession'], call);
  }
  for (const old of addon.podIdentityAssociations ?? []) record.associations.remove(old.replace(/^.*\//, ''));
  addon.podIdentityAssociations = wanted.map(want => {
    const associationId = `a-${randomBytes(8).toString('hex')}`;
    const associationArn = arn(call, `podidentityassociation/${record.cluster.name}/${associationId}`);
    record.associations.add(associationId, {
      ...{ clusterName: record.cluster.name, namespace: 'kube-system', serviceAccount: want.serviceAccount },
      ...{ roleArn: want.roleArn, associationId, associationArn, ownerArn: addon.addonArn, tags: {} },
    });
    return associationArn;
  });
}

export const addonRules: Rules = {
  CreateAddon(input: CreateAddonRequest, call): object {
    const { clusterName, addonName = '', configurationValues, tags = {}, clientRequestToken, resolveConflicts } = input;
    void resolveConflicts;
    const record = need(clusterName, call);
    if (doneBefore(input, call)) return { addon: record.addons.get(addonName) };
    needActive(clusterName, call);
    const kind = known(addonName);
    if (record.addons.get(addonName)) throw inUse('Addon already exists.');
    const addonVersion = checkVersion(kind, input.addonVersion, record.cluster.version ?? '');
    checkValues(kind, configurationValues);
    const addon: Addon = {
      ...{ addonName, clusterName, addonVersion, status: 'CREATING', tags: { ...tags }, health: { issues: [] } },
      ...{ addonArn: arn(call, `addon/${clusterName}/${addonName}/0`), createdAt: new Date(call.world.now()) },
      ...(configurationValues !== undefined && { configurationValues }),
    };
    associate(record, addon, input.podIdentityAssociations ?? [], call);
    record.addons.add(addonName, addon);
    remember(clientRequestToken, call);
    call.world.later(call.world.settleMs, async () => {
      await call.world.kubernetes?.install?.(record.cluster, addon);
      addon.status = 'ACTIVE';
    });
    return { addon };
  },

  DescribeAddon({ clusterName, addonName }: DescribeAddonRequest, call): object {
    const record = need(clusterName, call);
    const addon = seen(record, addonName);
    const nodes = record.nodegroups.all().some(({ status }) => status === 'ACTIVE' || status === 'UPDATING');
    // Its pods have nowhere to run: DEGRADED, InsufficientNumberOfReplicas.
    if (addon.status === 'ACTIVE' && known(addonName).onNodes && !nodes) {
      const message = "The add-on is unhealthy because it doesn't have the desired number of replicas.";
      return {
        addon: {
          ...addon,
          status: 'DEGRADED',
          health: { issues: [{ code: 'InsufficientNumberOfReplicas', message }] },
        },
      };
    }
    return { addon };
  },

  UpdateAddon(input: UpdateAddonRequest, call): object {
    const { clusterName, addonName, configurationValues, podIdentityAssociations, resolveConflicts } = input;
    void resolveConflicts;
    const record = need(clusterName, call);
    if (doneBefore(input, call)) return { update: sameUpdate(record) };
    needActive(clusterName, call);
    const addon = seen(record, addonName);
    if (addon.status === 'UPDATING' || addon.status === 'CREATING')
      throw inUse(`Addon ${addonName} is in status ${addon.status}`);
    const kind = known(addonName);
    const version = checkVersion(kind, input.addonVersion ?? addon.addonVersion, record.cluster.version ?? '');
    checkValues(kind, configurationValues);
    if (podIdentityAssociations) associate(record, addon, podIdentityAssociations, call);
    const update = startUpdate(record, 'AddonUpdate', call, addon, () => {
      addon.addonVersion = version;
      if (configurationValues !== undefined) addon.configurationValues = configurationValues;
    });
    return { update };
  },

  DeleteAddon({ clusterName, addonName = '', preserve }: DeleteAddonRequest, call): object {
    void preserve;
    const record = need(clusterName, call);
    const addon = seen(record, addonName);
    addon.status = 'DELETING';
    call.world.later(call.world.settleMs, () => {
      for (const of of addon.podIdentityAssociations ?? []) record.associations.remove(of.replace(/^.*\//, ''));
      record.addons.remove(addonName);
    });
    return { addon };
  },

  DescribePodIdentityAssociation({ clusterName, associationId }: DescribePodIdentityAssociationRequest, call): object {
    const association = need(clusterName, call).associations.seen(associationId);
    if (!association) throw notFound(`No pod identity association found for ${associationId}`);
    return { association };
  },
};
