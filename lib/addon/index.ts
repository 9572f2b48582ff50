/** Add-ons: what runs on a cluster. */
export { type Images, imageFor, siteImages } from './images.ts';
export { clusterRole, clusterRoleBinding, role, roleBinding, serviceAccount } from './manifests/rbac.ts';
export { container, deployment, RESTRICTED } from './manifests/workload.ts';
export { type Addon, addonStep } from './step.ts';
export { addonSteps } from './steps.ts';
