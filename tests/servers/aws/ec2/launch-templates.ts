import type {
  CreateLaunchTemplateRequest,
  CreateLaunchTemplateResult,
  CreateLaunchTemplateVersionRequest,
  CreateLaunchTemplateVersionResult,
  DeleteLaunchTemplateRequest,
  DeleteLaunchTemplateResult,
  DescribeLaunchTemplatesRequest,
  DescribeLaunchTemplatesResult,
  DescribeLaunchTemplateVersionsRequest,
  DescribeLaunchTemplateVersionsResult,
  LaunchTemplate,
  RequestLaunchTemplateData,
  ResponseLaunchTemplateData,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../errors.ts';
import type { Call, Rules } from '../service.ts';
import { list } from './list.ts';
import { type Ec2State, ec2Of } from './state.ts';
import { newId } from './table.ts';
import { dropTags, tagsOf, wantedTags } from './tags.ts';
import { once } from './tokens.ts';

export interface TemplateRecord {
  id: string;
  name: string;
  madeAt: Date;
  by: string;
  /** By their number, from 1 on. "Launch templates are immutable." */
  versions: ResponseLaunchTemplateData[];
}

const filters = { 'launch-template-name': ({ name }: TemplateRecord) => name };

const shown = (record: TemplateRecord, state: Ec2State): LaunchTemplate => ({
  ...{ LaunchTemplateId: record.id, LaunchTemplateName: record.name, CreateTime: record.madeAt, CreatedBy: record.by },
  ...{ DefaultVersionNumber: 1, LatestVersionNumber: record.versions.length, Tags: tagsOf(record.id, state) },
});

const versionShown = ({ id, name, madeAt, by, versions }: TemplateRecord, number: number) => ({
  ...{ LaunchTemplateId: id, LaunchTemplateName: name, VersionNumber: number, CreateTime: madeAt, CreatedBy: by },
  ...{ DefaultVersion: number === 1, LaunchTemplateData: versions[number - 1] },
});

export const launchTemplateRules: Rules = {
  CreateLaunchTemplate(input: CreateLaunchTemplateRequest, call): CreateLaunchTemplateResult {
    const state = ec2Of(call);
    const { LaunchTemplateName: name = '', LaunchTemplateData = {}, ClientToken, TagSpecifications } = input;
    // "Length Constraints: Minimum length of 3. Maximum length of 128. Pattern: [a-zA-Z0-9\(\)\.\-/_]+"
    if (!/^[a-zA-Z0-9().\-/_]{3,128}$/.test(name))
      throw new AwsError(
        'InvalidLaunchTemplateName.MalformedException',
        `The launch template name '${name}' is invalid.`,
      );
    const tag = wantedTags(TagSpecifications, 'launch-template');
    const data = checkData(LaunchTemplateData, call);
    const show = (id: string) => ({ LaunchTemplate: shown(state.launchTemplates.own(id), state) });
    return once('CreateLaunchTemplate', ClientToken, call, show, () => {
      if (state.launchTemplates.all().some(each => each.name === name))
        throw new AwsError('InvalidLaunchTemplateName.AlreadyExistsException', 'Launch template name already in use.');
      const id = newId('lt');
      const madeAt = new Date(state.world.now());
      state.launchTemplates.add(id, { id, name, madeAt, by: call.caller.arn, versions: [data] });
      tag(id, state);
      return id;
    });
  },

  CreateLaunchTemplateVersion(input: CreateLaunchTemplateVersionRequest, call): CreateLaunchTemplateVersionResult {
    const record = chosen(input, ec2Of(call));
    const data = checkData(input.LaunchTemplateData ?? {}, call);
    const show = (number: string) => ({ LaunchTemplateVersion: versionShown(record, Number(number)) });
    return once('CreateLaunchTemplateVersion', input.ClientToken, call, show, () => `${record.versions.push(data)}`);
  },

  DescribeLaunchTemplates(input: DescribeLaunchTemplatesRequest, call): DescribeLaunchTemplatesResult {
    const state = ec2Of(call);
    const listing = { table: state.launchTemplates, id: ({ id }: TemplateRecord) => id, filters };
    const { page, NextToken } = list({ ...listing, ids: input.LaunchTemplateIds }, input, call);
    return { LaunchTemplates: page.map(each => shown(each, state)), NextToken };
  },

  DescribeLaunchTemplateVersions(
    input: DescribeLaunchTemplateVersionsRequest,
    call,
  ): DescribeLaunchTemplateVersionsResult {
    const record = chosen(input, ec2Of(call));
    // "valid values are $Latest, $Default, and numbers"; without them all of the template's.
    const { Versions = record.versions.map((_, at) => `${at + 1}`) } = input;
    const numbers = Versions.map(each =>
      each === '$Latest' ? record.versions.length : each === '$Default' ? 1 : Number(each),
    );
    const wrong = numbers.find(number => !record.versions[number - 1]);
    if (wrong !== undefined)
      throw new AwsError(
        'InvalidLaunchTemplateId.VersionNotFound',
        `Could not find launch template version ${wrong} for launch template ${record.id}.`,
      );
    return { LaunchTemplateVersions: numbers.map(number => versionShown(record, number)) };
  },

  // "Deleting a launch template deletes all of its versions": who uses it is not asked.
  DeleteLaunchTemplate(input: DeleteLaunchTemplateRequest, call): DeleteLaunchTemplateResult {
    const state = ec2Of(call);
    const record = chosen(input, state);
    const answer = { LaunchTemplate: shown(record, state) };
    state.launchTemplates.remove(record.id);
    dropTags(record.id, state);
    return answer;
  },
};

interface Choice {
  LaunchTemplateId?: string | undefined;
  LaunchTemplateName?: string | undefined;
}

/** "You must specify either the launch template ID or the launch template name, but not both." */
function chosen({ LaunchTemplateId: id, LaunchTemplateName: name }: Choice, state: Ec2State): TemplateRecord {
  if ((id === undefined) === (name === undefined))
    throw new AwsError('InvalidParameterCombination', 'Either a launch template ID or a name is needed, and not both.');
  if (name === undefined) return state.launchTemplates.need(id);
  const found = state.launchTemplates.listed().find(each => each.name === name);
  if (found) return found;
  throw new AwsError(
    'InvalidLaunchTemplateName.NotFoundException',
    'At least one of the launch templates specified in the request does not exist.',
  );
}

/** What of it is looked at; all else is unknown to the stand-in, and fails the test. */
function checkData(data: RequestLaunchTemplateData, call: Call): ResponseLaunchTemplateData {
  const { InstanceType, BlockDeviceMappings = [], MetadataOptions = {}, TagSpecifications } = data;
  const { HttpEndpoint, HttpTokens, HttpPutResponseHopLimit: hops = 1 } = MetadataOptions;
  // LaunchTemplateInstanceMetadataOptionsRequest: "Possible values: Integers from 1 to 64".
  if (hops < 1 || hops > 64)
    throw new AwsError('InvalidParameterValue', `Value (${hops}) for parameter HttpPutResponseHopLimit is invalid.`);
  // "you can specify tags for the following resource types only: instance | volume | network-interface | spot-instances-request"
  wantedTags(TagSpecifications, 'instance', 'volume', 'network-interface');
  for (const { DeviceName, Ebs } of BlockDeviceMappings)
    void [DeviceName, Ebs?.VolumeSize, Ebs?.VolumeType, Ebs?.Encrypted, Ebs?.DeleteOnTermination];
  void [InstanceType, HttpEndpoint, HttpTokens];
  return structuredClone(call.raw.LaunchTemplateData) as ResponseLaunchTemplateData;
}

/** The data of a version that is there, as a service asks that starts machines of it; undefined: there is none. */
export const templateData = (id: string | undefined, version: string, state: Ec2State) =>
  state.launchTemplates.get(id)?.versions[Number(version) - 1];
