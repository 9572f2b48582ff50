import { read, write } from './action.ts';

/** What Kubernetes makes behind our back: load balancers, classic ones too, their target groups, and logs. */
export const BALANCER_ACTIONS = [
  read('elasticloadbalancing:DescribeLoadBalancers', 'to see that no load balancer is left, or holds the network'),
  read('elasticloadbalancing:DescribeTargetGroups', 'to see that no target group is left'),
  read('elasticloadbalancing:DescribeTags', 'to see whose they are'),
  write('elasticloadbalancing:DeleteLoadBalancer', "removes one of the site's cluster that holds the network"),
  write('elasticloadbalancing:DeleteTargetGroup', 'removes what it led to'),
  read('logs:DescribeLogGroups', 'to see that no logs of its cluster are left'),
];
