import type { Secret } from '../secret/index.ts';

/** How a bucket is reached, and as whom. Two views of one endpoint: a machine does not see this computer's loopback. */
export interface StoreAccess {
  /** From this computer: 'https://127.0.0.1:7443'. */
  here: string;
  /** From the site's machines and pods: 'https://10.0.2.2:7443'. */
  there: string;
  region: string;
  bucket: string;
  /** PEM; undefined: public authorities. */
  ca?: string;
  accessKey: Secret;
  secretKey: Secret;
}

/** site: adds and reads, erases no history. reader: reads only. admin: muster's own on this computer, in no site. */
export type Role = 'site' | 'reader' | 'admin';
