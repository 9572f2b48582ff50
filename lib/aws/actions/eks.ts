import { read, write } from './action.ts';

/** What AWS asks for behind the calls below, of whoever makes them: muster makes no such call itself. */
export const EKS_IMPLIED = [
  write('eks:TagResource', 'what is made is tagged at once'),
  write('eks:CreatePodIdentityAssociation', 'add-ons are made with their roles'),
  write('eks:DeletePodIdentityAssociation', 'and lose them when they change'),
  write('iam:TagRole', 'what is made is tagged at once'),
  write('iam:PassRole', 'to give the roles to the control plane, the nodes and two add-ons'),
  write('iam:CreateServiceLinkedRole', "EKS makes roles of its own in an account's first cluster"),
];

/** The managed control plane, and the roles that it consists of. */
export const EKS_ACTIONS = [
  read(
    'eks:DescribeClusterVersions',
    'to refuse a Kubernetes version that EKS does not offer, or sells at the price of extended support',
  ),
  read('eks:DescribeAddonVersions', 'to choose versions of the add-ons that fit'),
  read('eks:DescribeCluster', 'to see the control plane, its endpoint and its authority'),
  read('eks:ListNodegroups', 'to find node groups that left the inventory'),
  read('eks:DescribeNodegroup', 'to see the nodes'),
  read('eks:DescribeAddon', 'to see the add-ons'),
  read('eks:DescribePodIdentityAssociation', 'to see which role the pods of an add-on have'),
  read('eks:ListAccessEntries', 'to see who may enter the cluster'),
  read('eks:DescribeAccessEntry', 'to see who may enter the cluster'),
  read('eks:ListAssociatedAccessPolicies', 'to see what they may do there'),
  read('eks:DescribeUpdate', 'to see how an upgrade goes'),
  write('eks:CreateCluster', 'to make the control plane'),
  write('eks:UpdateClusterConfig', 'to put its endpoint right'),
  write('eks:UpdateClusterVersion', 'to upgrade it, one minor at a time'),
  write('eks:DeleteCluster', 'to remove it'),
  write('eks:CreateNodegroup', 'to make nodes'),
  write('eks:UpdateNodegroupConfig', 'to have as many as the inventory says'),
  write('eks:UpdateNodegroupVersion', 'to upgrade them'),
  write('eks:DeleteNodegroup', 'to remove them'),
  write('eks:CreateAddon', 'to install the add-ons'),
  write('eks:UpdateAddon', 'to upgrade them, and to put them right'),
  write('eks:DeleteAddon', 'to remove one that could not be installed'),
  write('eks:CreateAccessEntry', 'to let the admins in'),
  write('eks:AssociateAccessPolicy', 'to make them admins'),
  write('eks:DeleteAccessEntry', 'to let those out who left the inventory'),
  read('iam:GetRole', 'to see the roles of the control plane, the nodes and two add-ons'),
  read('iam:ListAttachedRolePolicies', 'to see what they may do'),
  write('iam:CreateRole', 'to make them'),
  write('iam:UpdateAssumeRolePolicy', 'to put right who may take them on'),
  write('iam:AttachRolePolicy', "to give them AWS's own policies"),
  write('iam:DetachRolePolicy', 'to take away what is too much'),
  write('iam:DeleteRole', 'to remove them'),
];
