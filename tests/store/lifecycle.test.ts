import type { LifecycleRule } from '@aws-sdk/client-s3';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lifecycleText } from '../../lib/store/lifecycle.ts';

const ours: LifecycleRule[] = [
  {
    ID: 'muster-history',
    Status: 'Enabled',
    NoncurrentVersionExpiration: { NoncurrentDays: 30 },
    Expiration: { ExpiredObjectDeleteMarker: true },
  },
  {
    ID: 'muster-abort-uploads',
    Status: 'Enabled',
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
  },
];
const WANT = 'versions go after 30 d, lone markers too, unfinished uploads go after 7 d';

// What a bucket has, and what is said of it.
const CASES: [string, LifecycleRule[], string][] = [
  ['our own rules are what is wanted', ours, WANT],
  ['nothing is nothing', [], 'nothing'],
  ['a rule that is switched off is none', ours.map(rule => ({ ...rule, Status: 'Disabled' })), 'nothing'],
  [
    "a rule of theirs that expires what kopia's newest snapshot may need is named",
    [...ours, { ID: 'tidy', Status: 'Enabled', Expiration: { Days: 90 } }],
    `${WANT}; rule tidy takes away objects that are in use`,
  ],
  [
    'a rule of theirs that moves objects where a restore waits hours for them is named',
    [...ours, { ID: 'cold', Status: 'Enabled', Transitions: [{ Days: 30, StorageClass: 'GLACIER' }] }],
    `${WANT}; rule cold takes away objects that are in use`,
  ],
  [
    'a rule of ours that somebody removed is missed',
    ours.slice(1),
    'versions stay, lone markers stay, unfinished uploads go after 7 d',
  ],
];

for (const [promise, rules, text] of CASES) test(promise, () => assert.is(lifecycleText(rules), text));

test.run();
