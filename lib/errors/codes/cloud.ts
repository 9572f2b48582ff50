import { type CodeEntry, entry } from '../exit.ts';

/** Of AWS, and of what it costs. */
export const CLOUD_CODES = {
  AWS_ACCOUNT: entry(
    'refused',
    'The credentials belong to another AWS account than the inventory names; nothing was asked for.',
    './muster whoami --site <site>; then choose the right profile, or correct provider.account',
  ),
  AWS_CREDENTIALS: entry(
    'failed',
    'There are no credentials for AWS here, or they have expired or are not valid.',
    'log in (aws sso login), set AWS_PROFILE, or provider.profile in the inventory',
  ),
  AWS_DENIED: entry(
    'failed',
    'AWS knows us, and denies this action.',
    'compare the rights with ./muster aws-policy --site <site>',
  ),
  AWS_REFUSED: entry('failed', 'AWS answered, and refused what was asked.', 'read its words; they name the value'),
  AWS_UNREACHABLE: entry(
    'unknown',
    'AWS gave no answer, so it is not known what is there, or whether something was done.',
    'run again: what was done is found by its tags',
  ),
  AWS_CAPACITY: entry(
    'failed',
    'AWS has no machines of this kind left in this zone.',
    'choose another instance type or region in the inventory, or run again later',
  ),
  AWS_QUOTA: entry(
    'failed',
    'A quota of the account is used up.',
    'ask AWS for more (Service Quotas), or remove what is not needed',
  ),
  AWS_FOREIGN: entry(
    'refused',
    'Something in the account has the name that the site needs, and muster did not make it for this site.',
    'give the site another name, or remove what is named there',
  ),
  EKS_VERSION: entry(
    'usage',
    'EKS does not build, or does not upgrade to, the Kubernetes version of the inventory; nothing was changed.',
    'set cluster.version in the inventory to one that it offers',
  ),
  EKS_NOT_ADMIN: entry(
    'refused',
    'The identity that runs muster is not among cluster.admins: it could build the cluster, and not enter it.',
    'add its role or user to cluster.admins in the inventory, or take on another role; ./muster whoami says who you are',
  ),
  EKS_EXISTING: entry(
    'refused',
    "The EKS cluster that the inventory names as existing is not there, is in another network, does not work, or is muster's own.",
    'put right cluster.existing and provider.network in the inventory; nothing was changed',
  ),
  EKS_NO_ACCESS: entry(
    'refused',
    'An EKS cluster of another hand does not let in the identity that runs muster, or is not reached from this computer.',
    'have whoever made the cluster make the access entry that is named below; muster lets nobody in there',
  ),
  EKS_FAILED: entry(
    'failed',
    'EKS accepted an order and could not carry it out; its own words are below.',
    'put right what they name, then run again',
  ),
  TERRAFORM_STATE: entry(
    'usage',
    'A file is not a Terraform state from which a network could be taken over.',
    './muster import-terraform FILE [VPC] [CLUSTER] [--site NAME]',
  ),
  TERRAFORM_CONFLICT: entry(
    'usage',
    'An inventory says otherwise than a Terraform state: another account, region, network or cluster. Nothing was written.',
    'take another site for it, or change by hand what stands in the inventory',
  ),
  // cost
  PRICES_INVALID: entry('failed', 'The file of prices is not what muster reads.', 'correct lib/cost/prices.yaml'),
  COST_UNKNOWN: entry(
    'unknown',
    'Something of the site has no price in the file of prices, so that no sum can be told.',
    'add its price, with the date, to lib/cost/prices.yaml',
  ),
  BUDGET_EXCEEDED: entry(
    'refused',
    'The site, or a drill beside it, would cost more than the inventory allows; nothing was made.',
    './muster cost --site <site> says what dominates; choose less, or raise budget in the inventory',
  ),
} satisfies Record<string, CodeEntry>;
