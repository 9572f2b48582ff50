import type {
  GetParameterRequest,
  GetParameterResult,
  GetParametersRequest,
  GetParametersResult,
  Parameter,
} from '@aws-sdk/client-ssm';
import { imageParameters } from './ec2/images.ts';
import { AwsError } from './errors.ts';
import type { Call, Rules } from './service.ts';

/** The public parameters that name machine images, each region its own. */
export const ssmRules: Rules = {
  GetParameter({ Name = '', WithDecryption }: GetParameterRequest, call): GetParameterResult {
    void WithDecryption;
    const found = find(Name, call);
    // GetParameter: ParameterNotFound, "The parameter couldn't be found. Verify the name and try again."
    if (!found) throw new AwsError('ParameterNotFound', '');
    return { Parameter: found };
  },

  GetParameters({ Names = [], WithDecryption }: GetParametersRequest, call): GetParametersResult {
    void WithDecryption;
    const found = Names.map(name => ({ name, parameter: find(name, call) }));
    return {
      Parameters: found.flatMap(({ parameter }) => parameter ?? []),
      InvalidParameters: found.flatMap(({ name, parameter }) => (parameter ? [] : [name])),
    };
  },
};

function find(name: string, { region }: Call): Parameter | undefined {
  const value = imageParameters(region).get(name);
  if (value === undefined) return undefined;
  const date = new Date('2026-11-12T08:00:00Z');
  return {
    ...{ Name: name, Value: value, Type: 'String', Version: 41, DataType: 'aws:ec2:image', LastModifiedDate: date },
    ARN: `arn:aws:ssm:${region}::parameter${name}`,
  };
}
