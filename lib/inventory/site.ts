import type { AddonsWant } from './sections/addons.ts';
import type { AppWant } from './sections/app.ts';
import type { Artifacts } from './sections/artifacts.ts';
import type { BackupWant } from './sections/backup.ts';
import type { BudgetWant } from './sections/budget.ts';
import type { ClusterWant } from './sections/cluster.ts';
import type { DrillsWant } from './sections/drills.ts';
import type { Environment } from './sections/environment.ts';
import type { HostWant } from './sections/hosts.ts';
import type { Ec2Want, ProviderWant } from './sections/provider.ts';
import type { StateWant } from './sections/state.ts';

export type { Ec2Want, HostWant };

/** The checked inventory: sizes are bytes, paths are absolute, defaults are filled in. The sections are its source. */
export interface Site {
  name: string;
  /** Where the inventory was read from. */
  path: string;
  environment: Environment;
  artifacts: Artifacts;
  provider: ProviderWant;
  hosts: readonly HostWant[];
  cluster: ClusterWant;
  addons: AddonsWant;
  app?: AppWant;
  backup?: BackupWant;
  state?: StateWant;
  drills?: DrillsWant;
  budget?: BudgetWant;
  /** What no inventory says: the file of the age identity that a person brought with --identity, absolute. */
  identity?: string;
}

/** The EKS cluster of another hand in which the site works; undefined: muster makes its own. */
export const existingCluster = ({ cluster }: Pick<Site, 'cluster'>): string | undefined =>
  cluster.kind === 'eks' ? cluster.existing : undefined;
