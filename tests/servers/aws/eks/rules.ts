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
    const asked = owners && [...owners];
    const names = Object.entries(ADDONS).flatMap(([name, { owner = 'aws' }]) =>
      (addonName === undefined || name === addonName) && (asked?.includes(owner) ?? true) ? name : [],
    );
    const found = names.map(name => addonInfo(name, kubernetesVersion)).filter(info => info.addonVersions?.length);
    const { page: addons, ...more } = page(found, maxResults, nextToken, call);
    return { addons, ...more };
  },
};

/** All of Amazon EKS that muster uses, and what it refuses ("Amazon EKS API Reference"). */
export const eksRules: Rules = { ...clusterRules, ...nodegroupRules, ...addonRules, ...accessRules, ...versionRules };
