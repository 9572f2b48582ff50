import { z } from 'zod';
import { label, path, port, span, text } from '../values.ts';

const reference = text(/^(env|file|bw):.+$/s, 'a reference to a secret: env:NAME, file:PATH or bw:ITEM/FIELD');

const local = z.strictObject({
  kind: z.literal('local').describe('An S3 server of this computer in .muster/stores/<site>; labs only.'),
  port: port.optional().describe('On 127.0.0.1. Absent: found free, then kept.'),
});

const keys = z.strictObject({ accessKey: reference, secretKey: reference });
const days = z.int().min(1).max(3650);

const endpoint = z.url({ protocol: /^https$/, error: 'an https URL' });
const region = text(/^[a-z0-9-]{2,32}$/, 'a region like eu-central-1');
const owner = z.union([z.literal('aws'), keys], { error: 'aws, or accessKey and secretKey' });

const address = z
  .ipv4({ error: 'an IPv4 address' })
  .describe(
    'Of the endpoint as machines reach it, where that is a name: what the fence of a rehearsal lets through. Absent: what the name means on this computer.',
  );

/** What is not said is as of the store. */
const replica = z.strictObject({
  endpoint: endpoint.describe('As https://s3.eu-west-1.amazonaws.com.'),
  inside: endpoint.optional().describe('As the machines of a site reach it, where that is another address.'),
  address: address.optional(),
  region,
  bucket: label,
  ca: path.optional().describe('PEM file of the authority of its certificate. Absent: public ones.'),
  keys: keys.optional().describe('With which muster copies. Absent: those of the store.'),
  reader: keys.optional().describe('Reads, and nothing else. Absent: the keys above.'),
  admin: owner.optional().describe('Makes and hardens the bucket. Absent: the keys above.'),
  kmsKey: text(/^arn:aws[a-z-]*:kms:[^\0\n]{1,500}$/, 'the ARN of a key of KMS').optional(),
  role: text(/^arn:aws[a-z-]*:iam::\d{12}:role\/[^\0\n]{1,500}$/, 'the ARN of a role')
    .optional()
    .describe('As which S3 itself copies what is written. Absent: muster copies, at the end of each backup.'),
});

export const s3 = z.strictObject({
  kind: z.literal('s3').describe('A bucket of an S3 endpoint.'),
  endpoint: endpoint.describe('As https://s3.eu-central-1.amazonaws.com.'),
  inside: endpoint
    .optional()
    .describe(
      'As the machines of the site reach it, where that is another address: a lab sees your loopback as 10.0.2.2.',
    ),
  address: address.optional(),
  region,
  bucket: label,
  ca: path
    .optional()
    .describe('PEM file of the authority of its certificate, seen from this file. Absent: public ones.'),
  accessKey: reference.describe('Of the site: its machines get it. It adds and reads, and erases no history.'),
  secretKey: reference,
  reader: keys
    .optional()
    .describe('Reads, and nothing else: for audits, restores and rehearsals. Absent: the keys of the site.'),
  admin: owner
    .optional()
    .describe(
      "Of the owner of the bucket: makes and hardens it, and never leaves this computer. aws: whom AWS's own chain names (profile, SSO). Absent: the keys of the site.",
    ),
  lock: days.optional().describe('Days for which no version can be removed (object lock). The bucket must be new.'),
  lockMode: z
    .enum(['governance', 'compliance'])
    .optional()
    .describe(
      'governance: the owner of the account can lift the lock. compliance: nobody can, nor end it sooner; bootstrap wants --confirm for it. Absent: governance.',
    ),
  kmsKey: text(/^arn:aws[a-z-]*:kms:[^\0\n]{1,500}$/, 'the ARN of a key of KMS')
    .optional()
    .describe('Encrypts what lies in the bucket. Absent: the keys of S3 itself.'),
  replica: replica
    .optional()
    .describe('A second bucket in another region, from which a site comes back without this one.'),
});

const escrow = z.strictObject({
  recipients: z
    .array(text(/^age1[0-9a-z]{58,4000}$/, 'an age recipient: age1 and at least 58 characters'))
    .min(1)
    .readonly()
    .describe('Who can open it: public halves of age identities, whose private halves are kept offline.'),
  places: z
    .array(path)
    .length(2, { error: 'two directories' })
    .readonly()
    .describe('Two directories apart from the store and from each other; each gets every generation.'),
  identity: path
    .optional()
    .describe(
      'Where a computer that drills keeps a private half: the file of an age identity of its own, whose public half is one of the recipients. Other computers need not have it; nothing is proven without one.',
    ),
});

export const backup = z
  .strictObject({
    store: z.discriminatedUnion('kind', [local, s3]).describe('Where the backups lie.'),
    sources: z
      .array(z.enum(['postgres', 'velero', 'control-plane']))
      .min(1)
      .readonly()
      .describe('What is taken. A set is complete when all of them are in it.'),
    namespaces: z.array(label).min(1).readonly().describe('Those that velero takes, with their volumes.'),
    schedule: z
      .strictObject({
        backup: text(/^[^\0\n]{1,100}$/, 'a systemd calendar expression like daily or *-*-* 03:00'),
        drill: text(/^[^\0\n]{1,100}$/, 'a systemd calendar expression like weekly')
          .optional()
          .describe('Of the rehearsal of a rebuild. Absent: none runs by itself, and nobody finds out.'),
        ping: z
          .url({ protocol: /^https?$/, error: 'an http or https URL' })
          .optional()
          .describe(
            'A dead-man URL. {verb} in it becomes backup or drill, so that neither hides the other being missed.',
          ),
      })
      .optional()
      .describe('When `./muster schedule` runs what, as systemd calendar expressions.'),
    keep: z.int().min(1).max(1000).default(7).describe('Complete sets that are kept; older ones expire.'),
    history: span
      .refine(value => value >= 86_400_000, { error: 'at least 1d' })
      .default(30 * 86_400_000)
      .describe(
        'How long what expired, was replaced or was removed in the store can still be brought back by its owner: 30d.',
      ),
    escrow: escrow
      .optional()
      .describe('Where the secrets lie without which no backup opens. A lab without it gets a place in your home.'),
    rpo: z
      .strictObject({ postgres: span, velero: span, 'control-plane': span })
      .describe('The age of lost data that is accepted, by source: 5m, 24h.'),
    rto: span.describe('How long a rebuild may take, from the loss to proven data: 10m.'),
  })
  .describe('What is backed up, where to, and how much may be lost. Absent: nothing is.');

export type BackupWant = z.infer<typeof backup>;
