import type { Call } from './service.ts';

type Input = Record<string, unknown>;

const isFull = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.length > 0
    : typeof value === 'object' && value !== null && Object.keys(value).length > 0;

const when = (is: boolean, ...actions: string[]): string[] => (is ? actions : []);

/**
 * "Customize managed nodes with launch templates": "The IAM entity calling the CreateNodegroup or UpdateNodegroupVersion APIs must
 * have permissions for ec2:RunInstances and ec2:CreateTags"; and EKS reads the version as the caller ("You are not authorized to
 * describe the launch template version").
 */
const LAUNCHES = ['ec2:RunInstances', 'ec2:CreateTags', 'ec2:DescribeLaunchTemplateVersions'];

/** Roles that a service makes for itself when it first needs them: later ones are asked for nothing. */
const linked = (service: string, { world, account }: Pick<Call, 'world' | 'account'>): boolean => {
  const made = world.part(`linked roles ${account}`, () => new Set<string>());
  return !made.has(service) && made.add(service) !== undefined;
};

/**
 * What else a call asks of whoever makes it: the "dependent actions" of the Service Authorization Reference, and the handlers'
 * permissions in CloudFormation's AWS::EKS::Cluster, Nodegroup, Addon and AccessEntry. "Tagging on creation": the right to tag too.
 */
export function impliedBy(action: string, input: Input, call: Pick<Call, 'world' | 'account'>): string[] {
  const [service] = action.split(':');
  if (service === 'ec2') {
    const profile = when(input.IamInstanceProfile !== undefined, 'iam:PassRole');
    return [...when(isFull(input.TagSpecifications), 'ec2:CreateTags'), ...profile];
  }
  const tags = when(isFull(input.tags), 'eks:TagResource');
  const pods = isFull(input.podIdentityAssociations);
  switch (action) {
    case 'iam:CreateRole':
      return when(isFull(input.Tags), 'iam:TagRole');
    case 'eks:CreateCluster':
    case 'eks:CreateNodegroup':
      return [
        ...[...tags, 'iam:PassRole', 'iam:GetRole', ...when(linked(action, call), 'iam:CreateServiceLinkedRole')],
        ...when(isFull(input.launchTemplate), ...LAUNCHES),
      ];
    // Also of a group that has one already.
    case 'eks:UpdateNodegroupVersion':
      return [...LAUNCHES];
    case 'eks:CreateAddon':
      return [...tags, ...when(pods, 'iam:PassRole', 'iam:GetRole', 'eks:CreatePodIdentityAssociation')];
    case 'eks:UpdateAddon':
      return when(
        pods,
        ...['iam:PassRole', 'iam:GetRole', 'eks:CreatePodIdentityAssociation'],
        ...['eks:UpdatePodIdentityAssociation', 'eks:DeletePodIdentityAssociation'],
      );
    case 'eks:DeleteAddon':
      return ['eks:DeletePodIdentityAssociation'];
    default:
      return service === 'eks' ? tags : [];
  }
}
