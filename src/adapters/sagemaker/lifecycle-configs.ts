import type { SageMakerClient } from '@aws-sdk/client-sagemaker';
import {
  CreateStudioLifecycleConfigCommand,
  DeleteStudioLifecycleConfigCommand,
  DescribeStudioLifecycleConfigCommand,
  ListStudioLifecycleConfigsCommand,
} from '@aws-sdk/client-sagemaker';
import type { LifecycleConfigs } from '../../application/ports.ts';
import { PortError } from '../../application/ports.ts';
import { call } from '../aws-error.ts';
import { pages } from './pages.ts';

/** The IAM actions that this adapter calls. No Lambda does: they are for whoever runs the CLI. */
export const LIFECYCLE_CONFIG_ACTIONS = [
  'sagemaker:CreateStudioLifecycleConfig',
  'sagemaker:DeleteStudioLifecycleConfig',
  'sagemaker:DescribeStudioLifecycleConfig',
  'sagemaker:ListStudioLifecycleConfigs',
];

/** Studio's lifecycle configurations, over the SDK. */
export function sagemakerLifecycleConfigs(client: SageMakerClient): LifecycleConfigs {
  const script: LifecycleConfigs['script'] = async (StudioLifecycleConfigName) => {
    const command = new DescribeStudioLifecycleConfigCommand({ StudioLifecycleConfigName });
    try {
      const found = await call('sagemaker:DescribeStudioLifecycleConfig', () => client.send(command));
      return Buffer.from(found.StudioLifecycleConfigContent ?? '', 'base64').toString();
    } catch (error) {
      if (isCode(error, 'ResourceNotFound')) return undefined;
      throw error;
    }
  };
  return {
    script,
    async names(part) {
      const found: string[] = [];
      await pages('sagemaker:ListStudioLifecycleConfigs', async (NextToken) => {
        const command = new ListStudioLifecycleConfigsCommand({ NameContains: part, MaxResults: 100, NextToken });
        const page = await client.send(command);
        for (const { StudioLifecycleConfigName: name } of page.StudioLifecycleConfigs ?? []) if (name) found.push(name);
        return page.NextToken;
      });
      return found;
    },
    async create({ name, appType, script: text }) {
      const command = new CreateStudioLifecycleConfigCommand({
        StudioLifecycleConfigName: name,
        StudioLifecycleConfigAppType: appType as never,
        StudioLifecycleConfigContent: Buffer.from(text).toString('base64'),
      });
      try {
        await call('sagemaker:CreateStudioLifecycleConfig', () => client.send(command));
      } catch (error) {
        // It may be our own first try that made it, and only its answer was lost.
        if (!isCode(error, 'ResourceInUse') || (await script(name)) !== text) throw error;
      }
    },
    async remove(StudioLifecycleConfigName) {
      const command = new DeleteStudioLifecycleConfigCommand({ StudioLifecycleConfigName });
      try {
        await call('sagemaker:DeleteStudioLifecycleConfig', () => client.send(command));
        return 'removed';
      } catch (error) {
        if (isCode(error, 'ResourceInUse')) return 'in use';
        if (isCode(error, 'ResourceNotFound')) return 'gone';
        throw error;
      }
    },
  };
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof PortError && error.code === code;
}
