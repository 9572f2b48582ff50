import type { Wording } from './check.ts';
import { type Constraints, loadConstraints } from './constraints.ts';
import { AwsError } from './errors.ts';
import type { Caller } from './identity.ts';
import { loadModel, type Model } from './model.ts';
import type { World } from './world.ts';

/** One call, as its rule sees it. */
export interface Call {
  world: World;
  operation: string;
  account: string;
  region: string;
  caller: Caller;
  /** As it was read, unwatched: for comparing and keeping. */
  raw: Record<string, unknown>;
}

/** What an operation does. `never`: each rule names the SDK's own type of its input. */
export type Rule = (input: never, call: Call) => object | Promise<object>;
export type Rules = Record<string, Rule>;
export type Protocol = 'ec2' | 'query' | 'json' | 'rest';

export interface ServiceWant {
  /** As in a signature's scope. */
  name: string;
  client: string;
  protocol: Protocol;
  version: string;
  /** The folder of botocore's data. */
  botocore: string;
  /** Of a request that its model does not allow; absent: as the protocol has it. */
  invalid?: string;
  /** Before the dot of X-Amz-Target. */
  target?: string;
  rules: Rules;
}

export interface Service extends ServiceWant {
  model(): Model;
  /** @param packages where botocore lies. */
  constraints(packages: string): Constraints;
  wording: Wording;
}

export function service(want: ServiceWant): Service {
  let model: Model | undefined;
  let constraints: Constraints | undefined;
  return {
    ...want,
    wording: want.protocol === 'ec2' ? ec2Wording : validation(want.invalid ?? INVALID[want.protocol]),
    constraints(packages) {
      constraints ??= loadConstraints(packages, `${want.botocore}/${want.version}`);
      return constraints;
    },
    model() {
      model ??= loadModel(want.client);
      return model;
    },
  };
}

// "Error codes for the Amazon EC2 API": MissingParameter, InvalidParameterValue.
const ec2Wording: Wording = {
  missing: path => new AwsError('MissingParameter', `The request must contain the parameter ${path}`),
  notAllowed: (path, value) => new AwsError('InvalidParameterValue', `Invalid value '${value}' for ${path}.`),
  unmet: (path, must, value) =>
    new AwsError('InvalidParameterValue', `Value (${value ?? ''}) for parameter ${path} is invalid. It must ${must}`),
};

/** "Common Errors" of each API reference; EKS: "The specified parameter is invalid". */
const INVALID = { query: 'ValidationError', json: 'ValidationException', rest: 'InvalidParameterException' };

/** As every service with the AWS validation of models words it. */
function validation(code: string): Wording {
  const say = (path: string, must: string, value?: string) =>
    new AwsError(
      code,
      `1 validation error detected: Value ${value === undefined ? '' : `${value} `}at '${path}' failed to satisfy constraint: Member must ${must}`,
    );
  return {
    missing: path => say(path, 'not be null', 'null'),
    notAllowed: (path, value, allowed) => say(path, `satisfy enum value set: [${allowed.join(', ')}]`, `'${value}'`),
    unmet: (path, must, value) => say(path, must, value === undefined ? value : `'${value}'`),
  };
}
