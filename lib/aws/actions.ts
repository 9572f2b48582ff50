/**
 * Every action of AWS that muster calls, and nothing else: the gate refuses a call that is not here, and
 * `./muster aws-policy` is generated from it. `write` actions are tied to the site by its tags where AWS can.
 */
export interface Action {
  /** IAM's name: 'ec2:DescribeVpcs'. */
  action: string;
  /** read: changes nothing, and is asked again when no answer came. */
  kind: 'read' | 'write';
  /** Why muster calls it, for the person who grants it. */
  why: string;
}

const read = (action: string, why: string): Action => ({ action, kind: 'read', why });
const write = (action: string, why: string): Action => ({ action, kind: 'write', why });

export const ACTIONS: readonly Action[] = [
  read('sts:GetCallerIdentity', 'to refuse every account but the one that the inventory names'),

  // Provider ec2.
  read('ec2:DescribeAvailabilityZones', 'to choose two zones'),
  read('ec2:DescribeVpcs', 'to find the site again'),
  read('ec2:DescribeVpcAttribute', 'to see whether machines get DNS names'),
  read('ec2:DescribeSubnets', 'to find the site again'),
  read('ec2:DescribeInternetGateways', 'to find the site again'),
  read('ec2:DescribeRouteTables', 'to find the site again'),
  read('ec2:DescribeNatGateways', 'to find the site again'),
  read('ec2:DescribeSecurityGroups', 'to find the site again, and to see who is let in'),
  read('ec2:DescribeKeyPairs', 'to find the site again'),
  read('ec2:DescribeInstances', 'to find its machines, and where they answer'),
  read('ec2:DescribeImages', 'to ask an image for its first disk'),
  read('ec2:DescribeAddresses', 'to find its fixed addresses'),
  read('ec2:DescribeVolumes', 'to see that no disk is left'),
  read('ec2:DescribeSnapshots', 'to see that no snapshot is left'),
  read('ec2:DescribeNetworkInterfaces', 'to see that nothing holds a subnet'),
  read('ssm:GetParameter', 'to learn which image is the newest Debian'),
  write('ec2:CreateVpc', 'makes the network'),
  write('ec2:ModifyVpcAttribute', 'gives machines DNS names'),
  write('ec2:DeleteVpc', 'removes the network'),
  write('ec2:CreateSubnet', 'makes the network'),
  write('ec2:ModifySubnetAttribute', 'gives machines public addresses'),
  write('ec2:DeleteSubnet', 'removes the network'),
  write('ec2:CreateInternetGateway', 'makes the network'),
  write('ec2:AttachInternetGateway', 'makes the network'),
  write('ec2:DetachInternetGateway', 'removes the network'),
  write('ec2:DeleteInternetGateway', 'removes the network'),
  write('ec2:CreateRouteTable', 'makes the network'),
  write('ec2:CreateRoute', 'makes the network'),
  write('ec2:ReplaceRoute', 'puts a route right that was changed'),
  write('ec2:DeleteRoute', 'takes away the way of a NAT gateway that is not wanted'),
  write('ec2:AssociateRouteTable', 'makes the network'),
  write('ec2:DisassociateRouteTable', 'removes the network'),
  write('ec2:DeleteRouteTable', 'removes the network'),
  write('ec2:CreateNatGateway', 'when the inventory asks for NAT'),
  write('ec2:DeleteNatGateway', 'when it no longer does'),
  write('ec2:CreateSecurityGroup', 'makes the firewall'),
  write('ec2:AuthorizeSecurityGroupIngress', 'lets in who may come'),
  write('ec2:AuthorizeSecurityGroupEgress', 'lets a rehearsal out to its store'),
  write('ec2:RevokeSecurityGroupIngress', 'closes what was opened by hand'),
  write('ec2:RevokeSecurityGroupEgress', 'keeps a rehearsal in'),
  write('ec2:DeleteSecurityGroup', 'removes the firewall'),
  write('ec2:ImportKeyPair', "brings the operator's SSH key"),
  write('ec2:DeleteKeyPair', 'takes it away'),
  write('ec2:RunInstances', 'makes machines'),
  write('ec2:StartInstances', './muster start'),
  write('ec2:StopInstances', './muster stop'),
  write('ec2:ModifyInstanceMetadataOptions', 'closes metadata that were opened by hand'),
  write('ec2:TerminateInstances', 'removes machines'),
  write('ec2:DeleteVolume', 'removes a disk that outlived its machine'),
  write('ec2:AllocateAddress', 'when the inventory asks for a fixed address'),
  write('ec2:AssociateAddress', 'gives it to the machine'),
  write('ec2:DisassociateAddress', 'takes it off'),
  write('ec2:ReleaseAddress', 'gives it back'),
  write('ec2:CreateTags', 'on everything at its creation; pins the image'),
];

const byName = new Map(ACTIONS.map(entry => [entry.action, entry]));

export const actionOf = (action: string): Action | undefined => byName.get(action);
