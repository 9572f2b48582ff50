import { type CodeEntry, entry } from '../exit.ts';

/** Of AWS. */
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
} satisfies Record<string, CodeEntry>;
