import type { IamInstanceProfileSpecification } from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import { profilesOf } from '../iam/state.ts';
import type { Ec2State } from './state.ts';

/** ARN of the profile of a launch. Errors: InvalidParameterValue when IAM has none of that name, or does not show it yet. */
export function profileOf(
  wanted: IamInstanceProfileSpecification | undefined,
  { world, account }: Ec2State,
): string | undefined {
  if (!wanted) return undefined;
  const { Arn, Name } = wanted;
  // Assumed: one of the two names it.
  if (Arn !== undefined && Name !== undefined)
    throw new AwsError(
      'InvalidParameterCombination',
      "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
    );
  const name = Name ?? Arn?.split('/').at(-1) ?? '';
  const found = profilesOf(world, account).seen(name)?.arn;
  // Observed by others, while a profile is new to EC2: hashicorp/packer#9946.
  if (found === undefined || (Arn !== undefined && Arn !== found))
    throw new AwsError(
      'InvalidParameterValue',
      `Value (${Arn ?? Name}) for parameter iamInstanceProfile.${Arn ? 'arn' : 'name'} is invalid. Invalid IAM Instance Profile ${Arn ? 'ARN' : 'name'}`,
    );
  return found;
}
