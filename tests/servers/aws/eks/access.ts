import type {
  AssociateAccessPolicyRequest,
  CreateAccessEntryRequest,
  DeleteAccessEntryRequest,
  DescribeAccessEntryRequest,
  ListAccessEntriesRequest,
  ListAssociatedAccessPoliciesRequest,
} from '@aws-sdk/client-eks';
import { rolesOf } from '../iam/state.ts';
import type { Call, Rules } from '../service.ts';
import { arn, type ClusterRecord, doneBefore, inUse, invalid, need, notFound, page, remember } from './state.ts';

/** "Review access policy permissions". */
const POLICIES = [
  'AmazonEKSClusterAdminPolicy',
  'AmazonEKSAdminPolicy',
  'AmazonEKSEditPolicy',
  'AmazonEKSViewPolicy',
].map(name => `arn:aws:eks::aws:cluster-access-policy/${name}`);

const seen = (record: ClusterRecord, principal: string | undefined) => {
  const found = record.entries.seen(principal);
  if (!found)
    throw notFound(
      `The specified principalArn could not be found. You can view your available access entries with 'ListAccessEntries'.`,
    );
  return found;
};

/** A user is taken at its word: the stand-in has users as keys only. A role must be there. */
function checkPrincipal(principal: string, call: Call): void {
  const [, account, kind, name = ''] = /^arn:aws:iam::(\d{12}):(user|role)\/(.+)$/.exec(principal) ?? [];
  const role = name.replace(/^.*\//, '');
  const there =
    kind === 'user' ||
    call.world.keys.some(({ caller }) => caller.arn.includes(`:assumed-role/${role}/`)) ||
    rolesOf(call.world, call.account).get(role);
  if (account !== call.account || !there) throw invalid('The specified principalArn is invalid: invalid principal.');
}

export const accessRules: Rules = {
  CreateAccessEntry(input: CreateAccessEntryRequest, call): object {
    const {
      clusterName,
      principalArn = '',
      type = 'STANDARD',
      tags = {},
      kubernetesGroups = [],
      clientRequestToken,
    } = input;
    const record = need(clusterName, call);
    if (doneBefore(input, call)) return { accessEntry: record.entries.get(principalArn)?.entry };
    // "The cluster's authentication mode must be set to either API or API_AND_CONFIG_MAP".
    if (record.cluster.accessConfig?.authenticationMode === 'CONFIG_MAP')
      throw invalid(
        "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
      );
    if (record.entries.get(principalArn))
      throw inUse('The specified access entry resource is already in use on this cluster.');
    checkPrincipal(principalArn, call);
    const entry = {
      ...{
        clusterName,
        principalArn,
        type,
        kubernetesGroups: [...kubernetesGroups],
        tags: { ...tags },
        username: principalArn,
      },
      accessEntryArn: arn(call, `access-entry/${clusterName}/${principalArn}`),
    };
    record.entries.add(principalArn, { entry, policies: [] });
    remember(clientRequestToken, call);
    return { accessEntry: entry };
  },

  DescribeAccessEntry: ({ clusterName, principalArn }: DescribeAccessEntryRequest, call) => ({
    accessEntry: seen(need(clusterName, call), principalArn).entry,
  }),

  ListAccessEntries({ clusterName, maxResults, nextToken }: ListAccessEntriesRequest, call): object {
    const principals = need(clusterName, call)
      .entries.listed()
      .flatMap(({ entry }) => entry.principalArn ?? []);
    const { page: accessEntries, ...more } = page(principals.sort(), maxResults, nextToken, call);
    return { accessEntries, ...more };
  },

  ListAssociatedAccessPolicies({ clusterName, principalArn }: ListAssociatedAccessPoliciesRequest, call): object {
    const { policies } = seen(need(clusterName, call), principalArn);
    return { clusterName, principalArn, associatedAccessPolicies: policies };
  },

  AssociateAccessPolicy(input: AssociateAccessPolicyRequest, call): object {
    const { clusterName, principalArn, policyArn = '', accessScope = {} } = input;
    const found = seen(need(clusterName, call), principalArn);
    if (!POLICIES.includes(policyArn)) throw invalid('The specified policyArn is invalid.');
    if (found.entry.type !== 'STANDARD') throw invalid('Access policies are for entries of type STANDARD only');
    const policy = {
      policyArn,
      accessScope: { type: accessScope.type, namespaces: [...(accessScope.namespaces ?? [])] },
    };
    found.policies = [...found.policies.filter(each => each.policyArn !== policyArn), policy];
    return { clusterName, principalArn, associatedAccessPolicy: policy };
  },

  DeleteAccessEntry({ clusterName, principalArn = '' }: DeleteAccessEntryRequest, call): object {
    const record = need(clusterName, call);
    seen(record, principalArn);
    record.entries.remove(principalArn);
    return {};
  },
};
