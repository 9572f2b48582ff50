import { type Action, write } from './action.ts';

/** What AWS asks for behind calls of muster, of whoever makes them; muster makes no such call itself, and the gate refuses it. */
export interface Implied extends Action {
  /** The calls behind which it is asked for. */
  by: readonly string[];
}

const behind = (action: string, why: string, ...by: string[]): Implied => ({ ...write(action, why), by });

/** "Actions, resources, and condition keys for Amazon EKS", dependent actions; and the rights that CloudFormation's types need. */
export const IMPLIED: readonly Implied[] = [
  behind(
    ...(['eks:TagResource', 'what is made is tagged at once'] as const),
    ...['eks:CreateCluster', 'eks:CreateNodegroup', 'eks:CreateAddon', 'eks:CreateAccessEntry'],
  ),
  behind('eks:CreatePodIdentityAssociation', 'add-ons have roles of theirs', 'eks:CreateAddon', 'eks:UpdateAddon'),
  behind('eks:UpdatePodIdentityAssociation', 'add-ons have roles of theirs', 'eks:UpdateAddon'),
  behind('eks:DeletePodIdentityAssociation', 'and lose them', 'eks:UpdateAddon', 'eks:DeleteAddon'),
  behind('route53:AssociateVPCWithHostedZone', "gives the endpoint EC2's own name", 'ec2:CreateVpcEndpoint'),
  behind('iam:TagRole', 'what is made is tagged at once', 'iam:CreateRole'),
  behind(
    ...(['iam:PassRole', 'gives the roles to the control plane, the nodes and two add-ons'] as const),
    ...['eks:CreateCluster', 'eks:CreateNodegroup', 'eks:CreateAddon', 'eks:UpdateAddon'],
  ),
  behind(
    ...(['iam:CreateServiceLinkedRole', "EKS makes roles of its own in an account's first cluster"] as const),
    ...['eks:CreateCluster', 'eks:CreateNodegroup'],
  ),
];
