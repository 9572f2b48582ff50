import type { Service } from './service.ts';

/** "Error codes for the Amazon EC2 API", those by which rules of the stand-in refuse: models of EC2 have no errors. */
const OF_EC2 = new Set(
  `
  AddressLimitExceeded AuthFailure CannotDelete DependencyViolation Gateway.NotAttached
  IdempotentInstanceTerminated IdempotentParameterMismatch IncorrectInstanceState
  InsufficientFreeAddressesInSubnet InvalidAddress.NotFound InvalidAssociationID.NotFound
  InvalidBlockDeviceMapping InvalidGroup.Duplicate InvalidGroup.NotFound InvalidID InvalidInstanceID
  InvalidInstanceType InvalidIPAddress.InUse InvalidKey.Format InvalidKeyPair.Duplicate
  InvalidLaunchTemplateName.AlreadyExistsException InvalidPaginationToken
  InvalidParameter InvalidParameterCombination InvalidParameterDependency InvalidParameterValue
  InvalidPermission.Duplicate InvalidPermission.NotFound InvalidRoute.NotFound InvalidSubnet.Conflict
  InvalidZone.NotFound MissingParameter OperationNotPermitted Resource.AlreadyAssociated RouteAlreadyExists
  RulesPerSecurityGroupLimitExceeded TagLimitExceeded Unsupported VolumeInUse VpcLimitExceeded
  `.split(/\s+/),
);

/** Not on that page, and seen by others. */
const SEEN: Readonly<Record<string, string>> = {
  DuplicateSubnetsInSameZone: 'terraform-aws-modules/terraform-aws-vpc#451',
  InsufficientInstanceCapacity: 'internal/service/ec2/errors.go of hashicorp/terraform-provider-aws',
  InvalidPolicyDocument: 'hashicorp/terraform-provider-aws#42291',
  InvalidServiceName: 'internal/service/ec2/errors.go of hashicorp/terraform-provider-aws',
  'InvalidSubnet.Range': 'pulumi/pulumi-awsx#111',
  'InvalidVpc.Range': 'grycap/im#1011',
  MissingInput: 'terraform-aws-modules/terraform-aws-ec2-instance#50',
  NatGatewayNotFound: 'internal/service/ec2/errors.go of hashicorp/terraform-provider-aws',
  VcpuLimitExceeded: 'firesim/firesim#410',
};

/** What a service says beside its model: "Troubleshoot IAM roles" for a role that cannot be taken on; aws/aws-sam-cli#2129. */
const BESIDE: Readonly<Record<string, string>> = { sts: 'AccessDenied', sso: 'ForbiddenException' };

/** Of that page too, for each kind of resource: '<kind>.NotFound', '<kind>.Malformed', and what launch templates have. */
const KINDS = /^Invalid\w+\.(\w*NotFound|Malformed)(Exception)?$/;

/** Whether there is a word of AWS for it: in the model of the operation, or in a table of "Error codes". */
export function mayRefuse(service: Service, operation: string, code: string, packages: string): boolean {
  if (service.protocol === 'ec2') return OF_EC2.has(code) || code in SEEN || KINDS.test(code);
  if (BESIDE[service.name] === code) return true;
  return service.constraints(packages).errors(operation).includes(code);
}
