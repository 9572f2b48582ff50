import type { Rules } from '../service.ts';
import { addressRules } from './addresses.ts';
import { imageRules } from './images.ts';
import { instancePowerRules } from './instance-power.ts';
import { instanceTypeRules } from './instance-types.ts';
import { instanceRules } from './instances.ts';
import { internetGatewayRules } from './internet-gateways.ts';
import { keyPairRules } from './key-pairs.ts';
import { launchTemplateRules } from './launch-templates.ts';
import { natGatewayRules } from './nat-gateways.ts';
import { networkInterfaceRules } from './network-interfaces.ts';
import { routeTableRules } from './route-tables.ts';
import { runInstancesRules } from './run-instances.ts';
import { securityGroupRuleRules } from './security-group-rules.ts';
import { securityGroupRules } from './security-groups.ts';
import { subnetRules } from './subnets.ts';
import { tagRules } from './tags.ts';
import { volumeRules } from './volumes.ts';
import { vpcRules } from './vpc.ts';
import { vpcEndpointRules } from './vpc-endpoints.ts';
import { zoneRules } from './zones.ts';

export const ec2Rules: Rules = {
  ...{ ...vpcRules, ...subnetRules, ...internetGatewayRules, ...routeTableRules, ...natGatewayRules, ...addressRules },
  ...{ ...securityGroupRules, ...securityGroupRuleRules, ...keyPairRules, ...networkInterfaceRules, ...tagRules },
  ...{ ...runInstancesRules, ...instanceRules, ...instancePowerRules, ...volumeRules },
  ...{ ...imageRules, ...instanceTypeRules, ...zoneRules, ...vpcEndpointRules, ...launchTemplateRules },
};
