import type {
  CreateSecurityGroupRequest,
  CreateSecurityGroupResult,
  DeleteSecurityGroupRequest,
  DeleteSecurityGroupResult,
  DescribeSecurityGroupsRequest,
  DescribeSecurityGroupsResult,
  SecurityGroup,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Rules } from '../service.ts';
import { list } from './list.ts';
import { addRule, permissionsOf } from './security-group-rules.ts';
import { arn, type Ec2State, ec2Of } from './state.ts';
import { newId } from './table.ts';
import { dropTags, tagsOf, wantedTags } from './tags.ts';

const filters = {
  'group-id': ({ GroupId }: SecurityGroup) => GroupId,
  'group-name': ({ GroupName }: SecurityGroup) => GroupName,
  'vpc-id': ({ VpcId }: SecurityGroup) => VpcId,
  'owner-id': ({ OwnerId }: SecurityGroup) => OwnerId,
  description: ({ Description }: SecurityGroup) => Description,
};

const shown = (group: SecurityGroup, state: Ec2State): SecurityGroup => ({
  ...group,
  IpPermissions: permissionsOf(group.GroupId, false, state),
  IpPermissionsEgress: permissionsOf(group.GroupId, true, state),
  Tags: tagsOf(group.GroupId ?? '', state),
});

export const securityGroupRules: Rules = {
  CreateSecurityGroup(input: CreateSecurityGroupRequest, call): CreateSecurityGroupResult {
    const state = ec2Of(call);
    const { GroupName = '', Description = '', VpcId } = input;
    const vpc = VpcId ?? state.vpcs.all().find(({ IsDefault }) => IsDefault)?.VpcId;
    state.vpcs.need(vpc);
    // GroupName: "Up to 255 characters ... Cannot start with sg-"; a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*
    if (!/^[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/.test(GroupName) || /^sg-/.test(GroupName))
      throw new AwsError('InvalidParameterValue', `Value (${GroupName}) for parameter GroupName is invalid.`);
    if (!/^[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/.test(Description))
      throw new AwsError('InvalidParameterValue', `Value (${Description}) for parameter GroupDescription is invalid.`);
    // "Can't be the same name as that of another security group in the VPC": InvalidGroup.Duplicate.
    if (state.securityGroups.all().some(each => each.VpcId === vpc && each.GroupName === GroupName))
      throw new AwsError('InvalidGroup.Duplicate', `The security group '${GroupName}' already exists for VPC '${vpc}'`);
    const tag = wantedTags(input.TagSpecifications, 'security-group');
    const { GroupId = '', SecurityGroupArn } = makeGroup(GroupName, Description, vpc ?? '', state);
    tag(GroupId, state);
    return { GroupId, SecurityGroupArn, Tags: tagsOf(GroupId, state) };
  },

  DescribeSecurityGroups(input: DescribeSecurityGroupsRequest, call): DescribeSecurityGroupsResult {
    const state = ec2Of(call);
    // GroupNames: "[Default VPC] only".
    // DeleteSecurityGroup: "For security groups in a nondefault VPC, you must specify the security group ID."
    if (input.GroupNames?.length)
      throw new AwsError('InvalidParameterValue', 'names are for the default VPC: use filters');
    const listing = {
      table: state.securityGroups,
      id: (each: SecurityGroup) => each.GroupId,
      filters,
      ids: input.GroupIds,
    };
    const { page, NextToken } = list(listing, input, call);
    return { SecurityGroups: page.map(each => shown(each, state)), NextToken };
  },

  DeleteSecurityGroup({ GroupId, GroupName }: DeleteSecurityGroupRequest, call): DeleteSecurityGroupResult {
    const state = ec2Of(call);
    if (GroupName !== undefined)
      throw new AwsError('InvalidParameterValue', 'names are for the default VPC: use the id');
    if (GroupId === undefined)
      throw new AwsError('MissingParameter', 'The request must contain the parameter groupName or groupId');
    const group = state.securityGroups.need(GroupId);
    if (group.GroupName === 'default')
      throw new AwsError(
        'CannotDelete',
        `the specified group: "${GroupId}" name: "default" cannot be deleted by a user`,
      );
    // "If you attempt to delete a security group that is associated with an instance or network interface, or is
    // referenced by another security group, the operation fails with DependencyViolation."
    const used = state.networkInterfaces.all().some(each => each.Groups?.some(of => of.GroupId === GroupId));
    const named = state.securityGroupRules
      .all()
      .some(rule => rule.ReferencedGroupInfo?.GroupId === GroupId && rule.GroupId !== GroupId);
    if (used || named) throw new AwsError('DependencyViolation', `resource ${GroupId} has a dependent object`);
    for (const rule of state.securityGroupRules.all())
      if (rule.GroupId === GroupId) state.securityGroupRules.remove(rule.SecurityGroupRuleId ?? '');
    state.securityGroups.remove(GroupId);
    dropTags(GroupId, state);
    return { Return: true, GroupId };
  },
};

/** "By default, a security group has an outbound rule that allows all outbound traffic." */
export function makeGroup(GroupName: string, Description: string, VpcId: string, state: Ec2State): SecurityGroup {
  const GroupId = newId('sg');
  const group: SecurityGroup = {
    ...{ GroupId, GroupName, Description, VpcId, OwnerId: state.account },
    SecurityGroupArn: arn(`security-group/${GroupId}`, state),
  };
  state.securityGroups.add(GroupId, group);
  addRule({ GroupId, IsEgress: true, IpProtocol: '-1', FromPort: -1, ToPort: -1, CidrIpv4: '0.0.0.0/0' }, state);
  return group;
}

/** "The default security group of a VPC": its members may talk to each other. */
export function makeDefaultGroup(VpcId: string, state: Ec2State): void {
  const { GroupId = '' } = makeGroup('default', 'default VPC security group', VpcId, state);
  const all = { IsEgress: false, IpProtocol: '-1', FromPort: -1, ToPort: -1 };
  addRule({ GroupId, ...all, ReferencedGroupInfo: { GroupId, UserId: state.account } }, state);
}
