import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import type { Moto } from './moto.ts';

/** A user of IAM with this one policy. Gives its keys. */
export async function makeUser(
  { url, ca }: Moto,
  name: string,
  policy: object,
): Promise<{ id: string; secret: string }> {
  const client = new IAMClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIAOWNER', secretAccessKey: 'owner-of-the-test' },
    requestHandler: { httpsAgent: { ca } },
  });
  try {
    await client.send(new CreateUserCommand({ UserName: name }));
    const PolicyDocument = JSON.stringify(policy);
    await client.send(new PutUserPolicyCommand({ UserName: name, PolicyName: name, PolicyDocument }));
    const { AccessKey } = await client.send(new CreateAccessKeyCommand({ UserName: name }));
    return { id: AccessKey?.AccessKeyId ?? '', secret: AccessKey?.SecretAccessKey ?? '' };
  } finally {
    client.destroy();
  }
}
