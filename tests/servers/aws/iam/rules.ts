import type { Rules } from '../service.ts';
import { inlinePolicyRules, managedPolicyRules } from './policies.ts';
import { profileRules } from './profiles.ts';
import { roleRules } from './roles.ts';
import { userRules } from './users.ts';

export const iamRules: Rules = {
  ...roleRules,
  ...inlinePolicyRules,
  ...managedPolicyRules,
  ...profileRules,
  ...userRules,
};
