import type {
  CreateLogGroupRequest,
  DeleteLogGroupRequest,
  DescribeLogGroupsRequest,
  DescribeLogGroupsResponse,
} from '@aws-sdk/client-cloudwatch-logs';
import { AwsError } from './errors.ts';
import { Named } from './named.ts';
import type { Call, Rules } from './service.ts';

interface GroupRecord {
  name: string;
  madeAt: number;
}

const groupsOf = ({ world, account, region }: Call): Named<GroupRecord> =>
  world.part(`log groups ${account} ${region}`, () => new Named<GroupRecord>(world));

/** "Amazon CloudWatch Logs API Reference": groups only, as EKS and agents make them. */
export const logsRules: Rules = {
  CreateLogGroup({ logGroupName = '' }: CreateLogGroupRequest, call): object {
    if (groupsOf(call).get(logGroupName))
      throw new AwsError('ResourceAlreadyExistsException', 'The specified log group already exists');
    groupsOf(call).add(logGroupName, { name: logGroupName, madeAt: call.world.now() });
    return {};
  },

  DescribeLogGroups(input: DescribeLogGroupsRequest, call): DescribeLogGroupsResponse {
    const { logGroupNamePrefix = '', limit = 50, nextToken } = input;
    const found = groupsOf(call)
      .listed()
      .filter(({ name }) => name.startsWith(logGroupNamePrefix));
    const from = nextToken === undefined ? 0 : Number(/^page-(\d+)$/.exec(nextToken)?.[1] ?? Number.NaN);
    if (Number.isNaN(from)) throw new AwsError('InvalidParameterException', 'The specified nextToken is invalid.');
    const to = from + Math.min(limit, call.world.pageSize);
    return {
      logGroups: found.slice(from, to).map(({ name, madeAt }) => ({
        ...{ logGroupName: name, creationTime: madeAt, storedBytes: 0, logGroupClass: 'STANDARD' },
        arn: `arn:aws:logs:${call.region}:${call.account}:log-group:${name}:*`,
      })),
      ...(to < found.length && { nextToken: `page-${to}` }),
    };
  },

  DeleteLogGroup({ logGroupName = '' }: DeleteLogGroupRequest, call): object {
    if (!groupsOf(call).seen(logGroupName))
      throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
    groupsOf(call).remove(logGroupName);
    return {};
  },
};
