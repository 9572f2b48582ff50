import type { DescribeAddonVersionsRequest, DescribeClusterVersionsRequest } from '@aws-sdk/client-eks';
import type { Rules } from '../service.ts';
import { accessRules } from './access.ts';
import { addonRules } from './addons.ts';
import { ADDONS, addonInfo, VERSIONS } from './catalog.ts';
import { clusterRules } from './clusters.ts';
import { nodegroupRules } from './nodegroups.ts';
import { page } from './state.ts';

const versionRules: Rules = {
  DescribeClusterVersions({ maxResults, nextToken }: DescribeClusterVersionsRequest, call): object {
    const { page: clusterVersions, ...more } = page(VERSIONS, maxResults, nextToken, call);
    return { clusterVersions, ...more };
  },

  DescribeAddonVersions(input: DescribeAddonVersionsRequest, call): object {
    const { kubernetesVersion, owners, addonName, maxResults, nextToken } = input;
    void owners?.length;
    if (owners?.some(owner => owner !== 'aws')) return { addons: [] };
    const names = Object.keys(ADDONS).filter(name => addonName === undefined || name === addonName);
    const found = names.map(name => addonInfo(name, kubernetesVersion)).filter(info => info.addonVersions?.length);
    const { page: addons, ...more } = page(found, maxResults, nextToken, call);
    return { addons, ...more };
  },
};

/** All of Amazon EKS that muster uses, and what it refuses ("Amazon EKS API Reference"). */
export const eksRules: Rules = { ...clusterRules, ...nodegroupRules, ...addonRules, ...accessRules, ...versionRules };
