import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreWorld } from '../backup/store-world.ts';

/** As an inventory says it: a bucket that is not there yet, in an S3 of somebody else, and a pair of keys for each role. */
export async function storeOf({ access, project }: StoreWorld, bucket: string): Promise<object> {
  const { here, ca = '' } = await access('admin');
  const file = async (name: string, text: string) => {
    const path = join(project, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  const keys = async (role: 'site' | 'reader' | 'admin') => {
    const { accessKey, secretKey } = await access(role);
    return {
      accessKey: `file:${await file(`${role}-access`, accessKey.reveal())}`,
      secretKey: `file:${await file(`${role}-secret`, secretKey.reveal())}`,
    };
  };
  const inside = `https://10.0.2.2:${new URL(here).port}`;
  const place = { kind: 's3', endpoint: here, inside, region: 'us-east-1', bucket, ca: await file('ca.pem', ca) };
  return { ...place, ...(await keys('site')), reader: await keys('reader'), admin: await keys('admin') };
}
