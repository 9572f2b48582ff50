import { z } from 'zod';
import { label } from '../values.ts';

export const site = z
  .strictObject({ name: label.describe('The name of the file, without .yaml.') })
  .describe('Which site this is. Its state lies in .muster/<name>, its kubeconfig in kubeconfigs/<name>.yaml.');
